"""What other points would do to how well a definition ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from rapport.engine.scores.points.learned.criteria import CriteriaCases
from rapport.engine.scores.points.learned.totals import values
from rapport.engine.scores.points.learned.weights import Weights
from rapport.engine.statistics.auc import Auc, AucDifference, Cases, Flags, Floats, auc, auc_difference
from rapport.engine.statistics.folds import Fold, Rows, random_folds

TOP = 0.1


@dataclass(frozen=True)
class Effect:
    """How values rank cases that the points were not learned from.

    Attributes:
        auc: with its 95 % interval. change: against the present points, on the same cases.
        lift, lift_before: how much more often the outcome came in the top tenth than in all, with these and with
            the present points; None where it never came.
    """

    auc: Auc
    change: AucDifference
    lift: float | None
    lift_before: float | None


def folds_of(cases: CriteriaCases) -> list[Fold]:
    """Learned from all but the newest period and tried on it; with one period five parts, a subject in one."""
    newest = cases.period.max()
    before, last = np.flatnonzero(cases.period < newest), np.flatnonzero(cases.period == newest)
    if len(before):
        return [(before, last)]
    return [fold for fold in random_folds(cases.events, groups=cases.subject_ids) if len(fold[0]) and len(fold[1])]


def effect_of(cases: CriteriaCases, folds: Sequence[tuple[Weights, Rows]], chosen: Sequence[int]) -> Effect:
    """Present points, but for the `chosen` items those that were learned without the cases tried."""
    present = np.array([float(item.points) for item in cases.items])
    now, then = list[Cases](), list[Cases]()
    for weights, rows in folds:
        tried = cases.take(rows)
        points = present.copy()
        points[list(chosen)] = weights.points[list(chosen)]
        then.append(_ranked(tried, present))
        now.append(_ranked(tried, points))
    return Effect(auc(now), auc_difference(now, then), _lift(now), _lift(then))


def _ranked(cases: CriteriaCases, points: Floats) -> Cases:
    return Cases(scores=values(cases, points.tolist()), events=cases.events, clusters=cases.subject_ids)


def _lift(groups: Sequence[Cases]) -> float | None:
    """Of all groups together: outcomes in each group's top tenth, ties shared out, over a tenth of all outcomes."""
    events = sum(group.event_count for group in groups)
    if not events:
        return None
    return float(sum(top_events(group.scores, group.events) for group in groups)) / (TOP * events)


def top_events(scores: Floats, events: Flags) -> float:
    """Outcomes in the top tenth; of a tie at its edge the share that still fits."""
    room = TOP * len(scores)
    above = len(scores) - rankdata(scores, method="max")
    tied = np.bincount(np.unique(scores, return_inverse=True)[1])[np.unique(scores, return_inverse=True)[1]]
    return float((np.clip((room - above) / tied, 0.0, 1.0) * events).sum())
