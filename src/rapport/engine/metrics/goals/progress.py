"""How a goal stands: the value now, where it should be, where it may end, and one word for all that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.goals.goal import Direction, Goal, Reading
from rapport.engine.metrics.goals.history import History, histories
from rapport.engine.metrics.goals.pace import Pace, pace
from rapport.engine.metrics.goals.projection import Projection, is_settled_enough, projection
from rapport.engine.runner import Runner

LIKELY_ENOUGH = 0.5  # below it a goal is at risk
_NEARLY = 1e-9


class Status(StrEnum):
    """REACHED and MISSED are final but for late data; AT_RISK: it is likelier missed than met."""

    REACHED = "reached"
    ON_TRACK = "on track"
    AT_RISK = "at risk"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A goal as it stood before a day.

    Attributes:
        value: so far, in the metric's unit; None where unknown, and `reason` says why.
        is_met: whether the value is on the good side of the target now.
        expected: where it should be by now; None where that is unknown.
        done: share of the goal's days that have passed, 0..1.
        likely, lower, upper, probability: see `Projection`; None where unknown, and `no_projection` says why.
        flags: what to know of the value ("immature", "small sample").
    """

    history: History
    value: float | None
    reason: str | None
    is_met: bool | None
    pace: Pace | None
    expected: float | None
    done: float
    likely: float | None
    lower: float | None
    upper: float | None
    probability: float | None
    no_projection: str | None
    status: Status
    flags: tuple[str, ...]

    @property
    def goal(self) -> Goal:
        return self.history.goal

    @property
    def reading(self) -> Reading:
        return self.history.reading

    @property
    def cut(self) -> date:
        return self.history.cut


def progress(
    goals: Sequence[Goal],
    snapshot: Snapshot,
    *,
    today: date,
    as_of: datetime,
    runner: Runner,
    readings: Sequence[Reading | None] = (),
) -> list[Progress]:
    """Every goal, in order, counted to the end of the day before `today`.

    Parameters: readings, how each goal was read before; a goal is read one way from beginning to end.
    """
    found = histories(goals, snapshot, today=today, as_of=as_of, runner=runner, readings=readings)
    return [progress_of(history) for history in found]


def progress_of(history: History) -> Progress:
    """How a goal stands by its history."""
    now = history.now
    value = float(now.value) if now is not None and now.value is not None else None
    told = projection(history)
    ahead = told if isinstance(told, Projection) else None
    its_pace = pace(history)
    expected = its_pace.on(history.cut) if its_pace and now is not None else None
    return Progress(
        history=history,
        value=value,
        reason=None if value is not None else _why_none(history),
        is_met=history.goal.is_met_by(value) if value is not None and history.goal.target is not None else None,
        pace=its_pace,
        expected=expected,
        done=history.goal.days_done(history.cut),
        likely=ahead.likely if ahead else None,
        lower=ahead.lower if ahead else None,
        upper=ahead.upper if ahead else None,
        probability=ahead.probability if ahead else None,
        no_projection=told if isinstance(told, str) else None,
        status=_status(history, value, ahead, expected),
        flags=now.flags if now is not None else (),
    )


def _why_none(history: History) -> str:
    if history.now is None:
        return f"It begins on {history.goal.span.start.isoformat()}."
    return history.now.reason or "The metric has no value yet."


def _status(history: History, value: float | None, ahead: Projection | None, expected: float | None) -> Status:
    goal = history.goal
    if value is None or goal.target is None:
        return Status.UNKNOWN
    if history.cut >= goal.span.end and is_settled_enough(history):
        return Status.REACHED if goal.is_met_by(value) else Status.MISSED
    if history.reading is Reading.TOTAL and _only_grows(history):
        if goal.direction is Direction.AT_LEAST and goal.is_met_by(value):
            return Status.REACHED
        if goal.direction is Direction.AT_MOST and not goal.is_met_by(value):
            return Status.MISSED
    if ahead is not None and ahead.probability is not None:
        return Status.ON_TRACK if ahead.probability >= LIKELY_ENOUGH else Status.AT_RISK
    if expected is None:
        return Status.ON_TRACK if goal.is_met_by(value) else Status.AT_RISK
    sign = 1 if goal.direction is Direction.AT_LEAST else -1
    slack = _NEARLY * max(1.0, abs(expected))
    return Status.ON_TRACK if sign * (value - expected) >= -slack else Status.AT_RISK


def _only_grows(history: History) -> bool:
    return all(value is None or value >= 0 for value in history.series)
