"""Points for the items of a definition, fitted to what happened and shrunk toward those that are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rapport.engine.scores.points.learned.criteria import CriteriaCases
from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.folds import fold_numbers
from rapport.engine.statistics.ridge import ridge_logistic

_RIDGES = (1.0, 4.0, 16.0, 64.0, 256.0)
_FOLDS = 5
_Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Weights:
    """Points by item.

    Attributes:
        points, low, high: rounded to `places`; the 95 % interval.
        told: False where the item never or always applies, or is what others are told against: the present points.
    """

    points: Floats
    low: Floats
    high: Floats
    told: Flags
    places: int


def fit_weights(cases: CriteriaCases) -> Weights:
    """A logistic regression of the outcome on all items at once, around the present points.

    First one slope for the present points as they are; then each item may depart from it, held by a ridge that
    tells cases left out best (five folds, a subject in one). With few cases the present points stay. The
    unit is such that values spread as much as before, so that bands and thresholds keep their meaning;
    limits are left out of the fit. Whole points where the present ones are whole, else one decimal.
    """
    present = np.array([float(item.points) for item in cases.items])
    if not cases.events.any() or cases.events.all():
        return Weights(present, present, present, np.zeros(len(present), dtype=bool), _places(present))
    scale = cases.amounts.std(axis=0)
    told = (scale > 0) & ~_references(cases)
    divisor = np.where(told, scale, 1.0)
    design = np.column_stack([np.ones(len(cases.events)), np.where(told, cases.amounts / divisor, 0.0)])
    raw = cases.amounts @ present
    slope = _slope(raw, cases.events)
    depart, covariance = _departures(design, cases, slope * raw)
    amounts = slope * present + np.where(told, depart[1:] / divisor, 0.0)
    unit = _unit(cases, amounts, raw)
    errors = np.sqrt(np.maximum(np.diag(covariance)[1:], 0.0)) / divisor
    places = _places(present)
    points = np.where(told, np.round(amounts / unit, places), present) + 0.0
    reach = _Z_95 * errors / unit
    low, high = np.round(amounts / unit - reach, places), np.round(amounts / unit + reach, places)
    return Weights(points, low, high, told, places)


def _references(cases: CriteriaCases) -> Flags:
    """Of criteria one of whose parts always applies, the part nearest 0 points: the others are told against it."""
    held = np.zeros(len(cases.items), dtype=bool)
    for position in {item.position for item in cases.items if item.part is not None}:
        own = [k for k, item in enumerate(cases.items) if item.position == position]
        if (cases.amounts[:, own].sum(axis=1) == 1).all():
            held[min(own, key=lambda k: (abs(cases.items[k].points), -k))] = True
    return held


def _slope(raw: Floats, events: Flags) -> float:
    """Log-odds per present point, not below 0; 0 where the points tell nothing apart."""
    spread = float(raw.std())
    if spread == 0:
        return 0.0
    design = np.column_stack([np.ones(len(raw)), (raw - raw.mean()) / spread])
    beta, _ = ridge_logistic(design, events, weights=np.ones(len(raw)), penalties=np.array([0.0, 1.0]))
    return max(0.0, float(beta[1]) / spread)


def _departures(design: Floats, cases: CriteriaCases, offset: Floats) -> tuple[Floats, Floats]:
    """Each item's departure from the slope, in standard deviations, after the intercept; and the covariance."""
    fold = fold_numbers(cases.events, count=_FOLDS, groups=cases.subject_ids)
    losses = {ridge: _loss(design, cases.events, offset, fold, ridge) for ridge in _RIDGES}
    best = min(_RIDGES, key=lambda ridge: (losses[ridge], -ridge))
    beta, _ = _fit(design, cases.events, offset, best)
    # how far the data alone would let an item go: a strong ridge must not look like knowledge
    return beta, _fit(design, cases.events, offset, _RIDGES[0])[1]


def _loss(design: Floats, events: Flags, offset: Floats, fold: Any, ridge: float) -> float:
    total = 0.0
    for k in range(_FOLDS):
        learns, away = fold != k, fold == k
        if events[learns].any() and not events[learns].all():
            beta, _ = _fit(design[learns], events[learns], offset[learns], ridge)
            odds = design[away] @ beta + offset[away]
            total += float(np.logaddexp(0.0, np.where(events[away], -odds, odds)).sum())
    return total


def _fit(design: Floats, events: Flags, offset: Floats, ridge: float) -> tuple[Floats, Floats]:
    penalties = np.r_[0.0, np.full(design.shape[1] - 1, ridge)]
    return ridge_logistic(design, events, weights=np.ones(len(events)), penalties=penalties, offset=offset)


def _unit(cases: CriteriaCases, amounts: Floats, raw: Floats) -> float:
    """Log-odds per point: values spread as before, or else fill the range."""
    spread, before = float((cases.amounts @ amounts).std()), float(raw.std())
    if spread > 0 and before > 0:
        return spread / before
    most = float(np.maximum(amounts, 0).sum())
    return most / float(cases.definition.range.span) if most > 0 else 1.0


def _places(present: Floats) -> int:
    whole = bool((present == np.round(present)).all())
    return 0 if whole and np.abs(present).max(initial=0.0) >= 3 else 1
