"""Where a goal may end: its value on the due day, drawn many times from how the metric's months have varied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from zlib import crc32

import numpy as np
import numpy.typing as npt

from rapport.engine.metrics.goals.goal import Goal, Reading
from rapport.engine.metrics.goals.history import History, is_settled, weight
from rapport.engine.metrics.goals.months import months_between
from rapport.engine.metrics.goals.scale import Scale, scale_of
from rapport.engine.metrics.spec import Unit
from rapport.engine.statistics.local_level import FEWEST, Paths, paths

Array = npt.NDArray[np.float64]

DRAWS = 4000
LOWER, UPPER = 0.1, 0.9  # an interval of 80 %
_WEIGHED_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The value on the due day: the middle of what may be, 80 % of what may be, the chance that the target is met."""

    likely: float
    lower: float
    upper: float
    probability: float | None


def projection(history: History) -> Projection | str:
    """What the goal may come to, or why that cannot be said.

    After the due day the value is certain, but for a cohort whose windows are still open.
    """
    now = history.now
    if (
        now is not None
        and now.value is not None
        and history.cut >= history.goal.span.end
        and is_settled_enough(history)
    ):
        return _told(np.full(1, float(now.value)), history.goal, certain=True)
    known = sum(v is not None for v in history.series)
    if known < FEWEST:
        months = "no month" if not known else f"only {known} month{'s' if known > 1 else ''}"
        return f"How it varies is not known yet: {months} of history, {FEWEST} are needed."
    if now is not None and now.value is None and history.reading is not Reading.AVERAGE:
        return now.reason or "There is no value to start from."
    return _told(_draws(history), history.goal)


def is_settled_enough(history: History) -> bool:
    """Whether no cohort's window is open."""
    return history.now is not None and (history.now.maturity is None or is_settled(history.now))


def _told(outcomes: Array, goal: Goal, *, certain: bool = False) -> Projection:
    likely, lower, upper = (float(np.quantile(outcomes, q)) for q in (0.5, LOWER, UPPER))
    probability = None
    if goal.target is not None:
        met = sum(goal.is_met_by(float(value)) for value in outcomes)
        probability = met / len(outcomes) if certain else (met + 0.5) / (len(outcomes) + 1)
    return Projection(likely=likely, lower=lower, upper=upper, probability=probability)


@dataclass(frozen=True, kw_only=True)
class _Ahead:
    """Possible months, those not known yet first. begins, ends: the goal's days still to come, in months from the
    cut; begins is 0 where it has begun."""

    found: Paths
    scale: Scale
    tail: int
    begins: float
    ends: float

    @property
    def steps(self) -> list[tuple[int, float]]:
        """Months to come, and how much of each belongs to the goal."""
        return [
            (self.tail + step, max(0.0, min(self.ends, step + 1.0) - max(self.begins, float(step))))
            for step in range(ceil(self.ends))
        ]


def _draws(history: History) -> Array:
    series = history.series
    tail = next(i for i, v in enumerate(reversed(series)) if v is not None)  # months not known, or not matured
    settled = series[: len(series) - tail]
    ends = months_between(history.cut, history.goal.span.end)
    scale = scale_of(settled, history.goal.spec.unit)
    found = paths(
        scale.there(settled),
        steps=tail + max(1, ceil(ends)),
        count=DRAWS,
        seed=_seed(history.goal),
        floor=scale.floor,
    )
    assert found is not None
    begins = months_between(history.cut, history.goal.span.start)
    ahead = _Ahead(found=found, scale=scale, tail=tail, begins=begins, ends=ends)
    now = float(history.now.value) if history.now is not None and history.now.value is not None else None
    if history.reading is Reading.TOTAL:
        return _bounded((now or 0.0) + _summed(ahead, history), history)
    if history.reading is Reading.AVERAGE:
        return _bounded(_averaged(ahead, history, now), history)
    return _bounded(_level(ahead, now if now is not None else float(settled[-1] or 0)), history)


def _seed(goal: Goal) -> int:
    """The same goal is told the same on the same data."""
    return crc32(repr((goal.metric, goal.filters, goal.span)).encode())


def _bounded(outcomes: Array, history: History) -> Array:
    return np.clip(outcomes, 0.0, 1.0) if history.goal.spec.unit is Unit.FRACTION else outcomes


def _summed(ahead: _Ahead, history: History) -> Array:
    """What is still to come: what sources have not told yet of the newest months, whole months, parts of months."""
    coming = np.zeros(len(ahead.found.level))
    for place, month in enumerate(history.months[len(history.months) - ahead.tail :]):
        untold = 1.0 - (month.coverage or 0.0)
        coming += _part(ahead, step=place, share=untold * _share_inside(history, place=ahead.tail - place))
    for step, share in ahead.steps:
        coming += _part(ahead, step=step, share=share)
    return coming


def _part(ahead: _Ahead, *, step: int, share: float) -> Array:
    """A share of a month's total, whose variance is that share of the month's."""
    middle, whole = ahead.scale.back(ahead.found.level[:, step]), ahead.scale.back(ahead.found.values[:, step])
    part = share * middle + share**0.5 * (whole - middle)
    return np.asarray(np.maximum(part, 0.0) if ahead.scale.is_positive else part)


def _averaged(ahead: _Ahead, history: History, now: float | None) -> Array:
    """The average over all months of the goal: those settled as they are, those open and to come as drawn."""
    rates = ahead.scale.back(ahead.found.values)
    settled_weight = weight(history.now) if history.now is not None and now is not None else 0.0
    settled_sum = (now or 0.0) * settled_weight
    weights = np.zeros(rates.shape[1])
    for place, month in enumerate(history.months[len(history.months) - ahead.tail :]):
        inside = _share_inside(history, place=ahead.tail - place) * weight(month)
        weights[place] = inside
        settled_weight -= inside
        settled_sum -= inside * float(month.value or 0)
    usual = _usual_weight(history)
    for step, share in ahead.steps:
        weights[step] = usual * share
    settled_weight, settled_sum = max(0.0, settled_weight), settled_sum if settled_weight > 0 else 0.0
    total = settled_weight + weights.sum()
    return np.asarray((settled_sum + rates @ weights) / total) if total > 0 else rates[:, -1]


def _share_inside(history: History, *, place: int) -> float:
    """How much of the month `place` months before the cut belongs to the goal."""
    return min(1.0, max(0.0, months_between(history.goal.span.start, history.cut) - (place - 1)))


def _usual_weight(history: History) -> float:
    told = [weight(m) for m in history.months[-_WEIGHED_MONTHS:] if m.value is not None]
    return float(np.mean(told)) if told else 0.0


def _level(ahead: _Ahead, now: float) -> Array:
    """The value at the due day, between the month ends on both sides of it."""
    values, scale, tail = ahead.found.values, ahead.scale, ahead.tail
    whole, part = int(ahead.ends), ahead.ends - int(ahead.ends)
    if whole == 0:
        after = values[:, tail]
        start = _only(scale.there([now]))
        middle = float(np.median(after))
        return scale.back(start + part * (middle - start) + part**0.5 * (after - middle))
    before, after = values[:, tail + whole - 1], values[:, min(tail + whole, values.shape[1] - 1)]
    return scale.back(before + part * (after - before))


def _only(values: Sequence[float | None]) -> float:
    (value,) = values
    return float(value or 0)
