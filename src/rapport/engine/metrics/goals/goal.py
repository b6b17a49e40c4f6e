"""A goal: a metric, which part of it, how much of it, from when until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rapport.engine.metrics.measure import spec_of
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.spec import Additivity, Metric, TimeBasis


class Direction(StrEnum):
    """Which side of the target is good."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Reading(StrEnum):
    """How a metric is read against its target.

    TOTAL adds up from start to due. AVERAGE is recomputed over all rows from start to due, of which those so far
    are known. LEVEL is read at an instant. TRAILING is read over a window as long as the goal's own, ending now:
    what can be put together neither from months nor from days (different buyers, buyers who came back).
    """

    TOTAL = "total"
    AVERAGE = "average"
    LEVEL = "level"
    TRAILING = "trailing"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What is aimed at.

    Attributes:
        filters: only this part of the metric, by its dimensions.
        target: in the metric's unit; None while one is looked for.
        span: the days that count, the due day included (so `span.end` is the day after it).
    """

    metric: str
    target: float | None
    direction: Direction
    span: Period
    filters: tuple[Only, ...] = ()

    @property
    def spec(self) -> Metric:
        return spec_of(self.metric)

    def is_met_by(self, value: float) -> bool:
        """Whether a value is on the good side of the target."""
        assert self.target is not None
        return value >= self.target if self.direction is Direction.AT_LEAST else value <= self.target

    def days_done(self, cut: date) -> float:
        """The share of its days before `cut`, 0..1."""
        return min(1.0, max(0.0, (cut - self.span.start).days / self.span.days))


def is_level(spec: Metric) -> bool:
    """Whether the metric tells a state or a window of its own, whatever the goal's period."""
    return spec.time_basis in (TimeBasis.SNAPSHOT, TimeBasis.ROLLING)


def is_total(spec: Metric) -> bool:
    return spec.additivity is Additivity.ADDITIVE and not is_level(spec)
