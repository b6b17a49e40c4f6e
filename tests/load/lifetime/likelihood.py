"""One log-likelihood for everybody, row by row, straight from the papers: it judges whose optimum is higher."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy.special import betaln, gammaln


def of_purchases(file: Path, given: Mapping[str, float]) -> float:
    """BG/NBD: Fader, Hardie & Lee 2005, equation 6, for each customer."""
    r, alpha, a, b = (given[k] for k in ("r", "alpha", "a", "b"))
    total = 0.0
    for batch in pq.ParquetFile(file).iter_batches(batch_size=500_000, columns=["x", "t_x", "age"]):
        x, t_x, age = (batch.column(k).to_numpy().astype(float) for k in range(3))
        front = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
        alive = betaln(a, b + x) - (r + x) * np.log(alpha + age)
        with np.errstate(all="ignore"):
            gone = betaln(a + 1, b + x - 1) - (r + x) * np.log(alpha + t_x)
        total += float((front + np.logaddexp(alive, np.where(x > 0, gone, -np.inf))).sum())
    return total


def of_spend(file: Path, given: Mapping[str, float]) -> float:
    """Gamma-Gamma: Fader & Hardie note 025, equation 1a, for each repeat buyer."""
    p, q, v = (given[k] for k in ("p", "q", "v"))
    total = 0.0
    for batch in pq.ParquetFile(file).iter_batches(batch_size=500_000, columns=["x", "mean_spend"]):
        x = batch.column(0).to_numpy().astype(float)
        m = batch.column(1).to_numpy(zero_copy_only=False)[x > 0]
        x = x[x > 0]
        front = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        total += float((front + (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(x * m + v)).sum())
    return total
