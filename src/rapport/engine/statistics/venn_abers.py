"""Venn-Abers prediction: the probability if the new case is an event, and if it is not, by isotonic regression."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

from rapport.engine.statistics.auc import Flags, Floats

_STEPS = 200


def venn_abers_steps(scores: Floats, events: Flags) -> tuple[Floats, Floats, Floats]:
    """(scores, p0, p1): at up to 200 scores, the isotonic probability with the case added as nonevent and as event.

    Equal scores stay together; more than 200 distinct ones are pooled by rank, a score standing for its
    pool's mean. The probability itself is p1 / (1 - p0 + p1).
    Source: Vovk, Petej and Fedorova 2015, inductive Venn-Abers predictors, on pooled scores.
    """
    order = np.argsort(scores, kind="stable")
    values, first = np.unique(scores[order], return_index=True)
    if len(values) > _STEPS:
        cut = np.unique(np.searchsorted(first, len(scores) * np.arange(_STEPS) / _STEPS, side="right") - 1)
        first = first[cut]
    counts = np.diff([*first, len(scores)]).astype(np.float64)
    happened = np.add.reduceat(events[order].astype(np.float64), first)
    means = np.add.reduceat(scores[order], first) / counts
    low, high = (np.array([_with_case(happened, counts, i, kind) for i in range(len(counts))]) for kind in (0.0, 1.0))
    return means, low, high


def _with_case(happened: Floats, counts: Floats, at: int, kind: float) -> float:
    more, plus = counts.copy(), happened.copy()
    more[at] += 1
    plus[at] += kind
    return float(isotonic_regression(plus / more, weights=more).x[at])
