"""From counted answers to a value with its interval, in whole micro-points."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np
from scipy import stats

from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.exact import Whole, half_even
from rapport.engine.scores.satisfaction.spec import Survey
from rapport.engine.statistics.intervals import Z_90, net_promoter_interval, wilson

PERCENT = 100 * MICRO
FEWEST_FOR_SPREAD = 2


def values(survey: Survey, counts: Mapping[str, Whole]) -> Whole:
    """The value in micro-points; 0 where there are no answers (which `answers` tells)."""
    n = np.maximum(counts["answers"], 1)
    if survey.ask == "nps":
        return half_even((counts["best"] - counts["worst"]) * PERCENT, n)
    return half_even(counts["best"] * PERCENT, n) if survey.ask == "csat" else half_even(counts["total"], n)


def intervals(survey: Survey, counts: Mapping[str, Whole]) -> tuple[list[int | None], list[int | None]]:
    """The 90 % interval of each value in micro-points; None where it cannot be told.

    NPS: Wald, or adjusted Wald under 100 answers (Rocks 2016); CSAT: Wilson; CES: Student's t from two answers on.
    """
    found = [_interval(survey, *(int(counts[name][i]) for name in _NAMES)) for i in range(len(counts["answers"]))]
    low, high = survey.value_range
    bounded = [None if one is None else (max(one[0], low), min(one[1], high)) for one in found]
    return [_micro(one and one[0]) for one in bounded], [_micro(one and one[1]) for one in bounded]


_NAMES = ("answers", "best", "worst", "total", "squares")


def _interval(
    survey: Survey, answers: int, best: int, worst: int, total: int, squares: int
) -> tuple[float, float] | None:
    if survey.ask == "nps":
        return net_promoter_interval(best, answers - best - worst, worst, z=Z_90)
    if survey.ask == "csat":
        share = wilson(best, answers, z=Z_90)
        return (100 * share[0], 100 * share[1]) if share else None
    if answers < FEWEST_FOR_SPREAD:
        return None
    mean = total / MICRO / answers
    variance = max(0.0, (squares / MICRO - answers * mean * mean) / (answers - 1))
    width = float(stats.t.ppf(0.95, answers - 1)) * sqrt(variance / answers)
    return mean - width, mean + width


def _micro(value: float | None) -> int | None:
    return None if value is None else round(value * MICRO)
