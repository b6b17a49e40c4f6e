"""From fitted logits to a model: whole micro-logits, centred, with each bin's support."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from rapport.engine.statistics.additive.binning import Binned, sum_by_bin, support
from rapport.engine.statistics.additive.model import MICRO, AdditiveModel
from rapport.engine.statistics.additive.tables import Table
from rapport.engine.statistics.auc import Flags, Floats


def assembled(
    kind: str, columns: Sequence[Binned], flat: Floats, base: float, truth: Flags, weight: Floats
) -> AdditiveModel:
    """Tables in logits, bin after bin in `flat`, as a model: rounded, and centred on the training rows."""
    total, at, tables = round(base * MICRO), 0, list[Table]()
    logits = np.full(len(truth), base)
    for column in columns:
        logits += flat[at : at + column.size][column.codes]
        at += column.size
    bend = expit(logits) * (1 - expit(logits)) * weight
    at = 0
    for column in columns:
        micros = np.rint(flat[at : at + column.size] * MICRO).astype(np.int64)
        at += column.size
        if np.ptp(micros) == 0:
            total += int(micros[0])
            continue
        middle = round(float(np.average(micros[column.codes], weights=weight)))
        counts, happened = support(column, truth)
        stiff = sum_by_bin(column.codes, bend, column.size)
        micros = np.where(counts > 0, micros - middle, 0)
        tables.append(column.table(micros, 1 / np.sqrt(stiff + 1.0), counts, happened))
        total += middle
    return AdditiveModel(
        kind=kind, base_micro_logit=total, tables=tuple(tables), n=len(truth), event_count=int(truth.sum())
    )


def base_log_odds(events: Flags, weights: Floats) -> float:
    """Log-odds of the base rate, with half a case of each kind added so that it is never infinite."""
    happened = float(weights[events].sum()) + 0.5
    return float(np.log(happened / (float(weights.sum()) + 1.0 - happened)))
