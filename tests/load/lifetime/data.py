"""Customers simulated from BG/NBD and Gamma-Gamma with CDNOW-like parameters, up to two years old, in whole days."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

BUYING = (0.2426, 4.4136 * 7, 0.7929, 2.4259)  # r, alpha in days, a, b
SPENDING = (6.25, 3.74, 15.44)  # p, q, v
OLDEST = 730
_BLOCK = 1_000_000


def generate(file: Path, *, customers: int, seed: int = 7) -> None:
    """One row per customer: id, x, t_x, age (days, int32), mean_spend (null where x is 0). Same seed, same file."""
    random = np.random.default_rng(seed)
    writer = None
    for start in range(0, customers, _BLOCK):
        rows = _block(start, min(_BLOCK, customers - start), random)
        writer = writer or pq.ParquetWriter(file, rows.schema)
        writer.write_table(rows)
    assert writer is not None
    writer.close()


def _block(start: int, count: int, random: np.random.Generator) -> pa.Table:
    r, alpha, a, b = BUYING
    age = random.integers(1, OLDEST + 1, count)
    rate = random.gamma(r, size=count) / alpha
    wanted = random.poisson(rate * age)
    leaving = np.maximum(random.beta(a, b, count), 1e-9)
    x = np.minimum(wanted, random.geometric(leaving))
    # given how many are wanted, their times are uniform; the x-th of them is the last
    last = age * random.beta(np.maximum(x, 1), np.maximum(wanted - x, 0) + 1.0)
    t_x = np.where(x > 0, np.clip(np.ceil(last), 1, age), 0)
    p, q, v = SPENDING
    nu = random.gamma(q, size=count) / v
    spend = np.round(random.gamma(p * np.maximum(x, 1)) / (nu * np.maximum(x, 1)), 2)
    columns = {
        "id": pa.array(np.arange(start, start + count)),
        "x": pa.array(x.astype(np.int32)),
        "t_x": pa.array(t_x.astype(np.int32)),
        "age": pa.array(age.astype(np.int32)),
        "mean_spend": pa.array(np.maximum(spend, 0.01), mask=x == 0),
    }
    return pa.table(columns)
