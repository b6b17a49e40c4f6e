"""Where a goal should be by a day, to be met on its due day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from rapport.engine.metrics.goals.goal import Reading
from rapport.engine.metrics.goals.history import History
from rapport.engine.metrics.goals.months import days_of_month, knots

_SEASON = 12
_FEWEST = 24


@dataclass(frozen=True)
class Pace:
    """Where it should stand at the start of each day named, straight lines between; seasonal: as its seasons run."""

    points: tuple[tuple[date, float], ...]
    seasonal: bool

    def on(self, day: date) -> float:
        days = [float(at.toordinal()) for at, _ in self.points]
        return float(np.interp(day.toordinal(), days, [value for _, value in self.points]))


def pace(history: History) -> Pace | None:
    """A total grows to its target as its seasons have run, or evenly with less than two years of history; a level goes
    straight from where it started to the target; an average should be at its target all along.

    None without a target, or where the level at the start is unknown.
    """
    span, target = history.goal.span, history.goal.target
    if target is None:
        return None
    if history.reading is Reading.TOTAL:
        return _of_total(history, target)
    if history.reading is Reading.AVERAGE:
        return Pace(((span.start, target), (span.end, target)), seasonal=False)
    start = value_at_start(history)
    if start is None:
        return None
    first = target if history.goal.is_met_by(start) else start
    return Pace(((span.start, first), (span.end, target)), seasonal=False)


def value_at_start(history: History) -> float | None:
    """The level, or the window's value, when the goal began: between the two nearest months known."""
    told = [(m.period.end.toordinal(), float(m.value)) for m in history.months if m.value is not None]
    day = history.goal.span.start.toordinal()
    if not told or day < told[0][0] - 31:
        return None
    return float(np.interp(day, [at for at, _ in told], [value for _, value in told]))


def seasons(series: Sequence[float | None]) -> list[float] | None:
    """What each month of the year weighs, the first being that after the series; 1 on average.

    The mean of its months over the mean of their years, half drawn towards 1 where only two years tell it.
    None with less than two years, or where something is unknown or below 0.
    """
    years = len(series) // _SEASON
    kept = series[len(series) - years * _SEASON :]
    while years and any(v is None for v in kept[:_SEASON]):
        kept, years = kept[_SEASON:], years - 1
    if len(kept) < _FEWEST or any(v is None or v < 0 for v in kept):
        return None
    table = np.array(kept, dtype="float64").reshape(years, _SEASON)
    means = table.mean(axis=1, keepdims=True)
    if (means <= 0).any():
        return None
    own = (table / means).mean(axis=0)
    certain = 1 - 1 / years
    drawn = 1 + certain * (own - 1)
    return [float(w) for w in drawn / drawn.mean()]


def _of_total(history: History, target: float) -> Pace:
    weights, told = seasons(history.series), list(knots(history.cut, history.goal.span))
    shares = []
    for (first, month), (last, _) in pairwise(told):
        share = weights[month % _SEASON] / days_of_month(history.cut, month) if weights else 1.0
        shares.append(share * (last - first).days)
    done = np.concatenate([[0.0], np.cumsum(shares)])
    points = tuple((day, target * float(part / done[-1])) for (day, _), part in zip(told, done, strict=True))
    return Pace(points, seasonal=weights is not None)
