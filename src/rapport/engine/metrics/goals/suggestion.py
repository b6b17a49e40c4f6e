"""Targets that a metric's own history suggests: as last year, as it goes, as in its better times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10

import numpy as np

from rapport.engine.metrics.goals.goal import Direction, Reading
from rapport.engine.metrics.goals.history import History, is_settled, weight
from rapport.engine.metrics.goals.months import months_between
from rapport.engine.metrics.goals.projection import Projection, projection
from rapport.engine.metrics.spec import Unit

_YEAR = 12
_FEWEST_CHANGES = 4
_FIGURES = 3


@dataclass(frozen=True)
class Suggestion:
    """A target, three figures long, with what it would mean."""

    value: float
    name: str
    words: str


def suggestions(history: History) -> list[Suggestion]:
    """Up to three: those that the history can tell."""
    found = [_as_last_year(history), _as_it_goes(history), _as_in_better_times(history)]
    return [s for s in found if s is not None]


def rounded(value: float, unit: Unit, *, figures: int = _FIGURES) -> float:
    """So many figures, and never finer than the unit is counted."""
    if not value or not isfinite(value):
        return value
    places = figures - 1 - floor(log10(abs(value)))
    if unit is Unit.COUNT:
        places = min(places, 0)
    return float(round(value, places))


def _as_last_year(history: History) -> Suggestion | None:
    before = history.last_year
    if before.value is None or not is_settled(before):
        return None
    unit = history.goal.spec.unit
    return Suggestion(rounded(float(before.value), unit), "As a year ago", "The same as in this period a year ago.")


def _as_it_goes(history: History) -> Suggestion | None:
    told = projection(history)
    if not isinstance(told, Projection):
        return None
    value = rounded(told.likely, history.goal.spec.unit)
    return Suggestion(value, "As it goes", "What comes if it goes on as now: reached in about half of all cases.")


def _as_in_better_times(history: History) -> Suggestion | None:
    """The upper quartile of past changes (the lower one where less is better) on top of what they changed from."""
    spans, length = _spans(history)
    lag = _YEAR if sum(v is not None for v in spans) >= _YEAR + length + _FEWEST_CHANGES - 1 else length
    pairs = [(a, b) for a, b in zip(spans, spans[lag:], strict=False) if a is not None and b is not None]
    relative = history.goal.spec.unit not in (Unit.FRACTION, Unit.POINTS, Unit.RATE) and all(a > 0 for a, _ in pairs)
    if len(pairs) < _FEWEST_CHANGES:
        return None
    base = float(history.last_year.value) if lag == _YEAR and history.last_year.value is not None else spans[-1]
    if base is None:
        return None
    changes = [b / a - 1 if relative else b - a for a, b in pairs]
    better = float(np.quantile(changes, 0.75 if history.goal.direction is Direction.AT_LEAST else 0.25))
    value = base * (1 + better) if relative else base + better
    if history.goal.spec.unit is Unit.FRACTION:
        value = min(1.0, max(0.0, value))
    return Suggestion(rounded(value, history.goal.spec.unit), "As in its better times", _words(better, relative, lag))


def _words(change: float, relative: bool, lag: int) -> str:
    by = f"{change:+.0%}" if relative else f"{change:+.3g}"
    over = "a year" if lag == _YEAR else f"{lag} months" if lag > 1 else "a month"
    return f"The change over {over} ({by.replace('-', '−')}) that the metric's best quarter of times reached."


def _spans(history: History) -> tuple[list[float | None], int]:
    """Values comparable with the target, one per month end, and how many months each covers."""
    months = max(1, round(months_between(history.goal.span.start, history.goal.span.end)))
    series = history.series
    if history.reading in (Reading.LEVEL, Reading.TRAILING):
        return series, min(months, _YEAR)
    length = min(months, _YEAR)
    weights = [weight(m) for m in history.months]
    ends = range(length, len(series) + 1)
    if history.reading is Reading.TOTAL:
        return [_sum(series[end - length : end]) for end in ends], length
    return [_mean(series[end - length : end], weights[end - length : end]) for end in ends], length


def _sum(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None


def _mean(values: Sequence[float | None], weights: Sequence[float]) -> float | None:
    known = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None and w > 0]
    total = sum(w for _, w in known)
    return sum(v * w for v, w in known) / total if total else None
