"""Thresholds of a score, and when they are crossed.

A threshold is entered at `enter` and left below `leave`: between the two the subject stays where it was (hysteresis),
so that a score that wavers around one value does not cross again and again. After it was left it can be entered again.
No score (null) is outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from rapport.engine.scores.definition_base import ScoreDefinition

READY = "ready"


class Direction(StrEnum):
    """Which way a threshold was crossed."""

    ENTERED = "entered"
    LEFT = "left"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Inside from `enter` on, until below `leave`. name: `ready`, or `band A`."""

    name: str
    enter: Decimal
    leave: Decimal

    def holds(self, value: Decimal | None, *, inside: bool) -> bool:
        """Whether a subject is inside with this value, having been inside or not."""
        return value is not None and value >= (self.leave if inside else self.enter)

    def crossed(self, value: Decimal | None, *, inside: bool) -> Direction | None:
        """How the value crosses it; None where the subject stays where it was."""
        now = self.holds(value, inside=inside)
        if now == inside:
            return None
        return Direction.ENTERED if now else Direction.LEFT


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """A threshold crossed at an instant. number: how often it has been crossed, this time included."""

    threshold: str
    direction: Direction
    at: datetime
    value: Decimal | None
    number: int


def thresholds_of(definition: ScoreDefinition) -> tuple[Threshold, ...]:
    """Readiness, where the definition names it, and every band above the lowest."""
    bounds = definition.ready_at
    ready = (Threshold(name=READY, enter=bounds.enter, leave=bounds.leave),) if bounds else ()
    bands = (Threshold(name=band_threshold(b.label), enter=b.from_, leave=b.from_) for b in definition.bands[:-1])
    return (*ready, *bands)


def band_threshold(label: str) -> str:
    """The name of a band's threshold."""
    return f"band {label}"


def crossings(threshold: Threshold, values: Iterable[tuple[datetime, Decimal | None]]) -> Iterator[Crossing]:
    """The crossings of one subject's values, in their order; it begins outside."""
    inside, number = False, 0
    for at, value in values:
        direction = threshold.crossed(value, inside=inside)
        if direction is not None:
            inside, number = direction is Direction.ENTERED, number + 1
            yield Crossing(threshold=threshold.name, direction=direction, at=at, value=value, number=number)
