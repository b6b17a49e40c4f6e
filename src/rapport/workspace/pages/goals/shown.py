"""Goals as pages show them: words, numbers in their unit, a bar that is read without colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import OuterRef, Subquery

from rapport.engine.metrics.goals import Direction, Reading, rounded
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.metrics.goals.asking import is_measurable, last_day, span_of, today_of
from rapport.workspace.metrics.goals.models import GoalPlan, GoalReading
from rapport.workspace.metrics.models import Goal
from rapport.workspace.metrics.names import names_of
from rapport.workspace.pages.dashboards.units import in_full, in_short
from rapport.workspace.pages.frame import wording

STATUSES = {
    "reached": ("circle-check", "chip-good"),
    "on track": ("trending-up", "chip-accent"),
    "at risk": ("alert-triangle", "chip-warn"),
    "missed": ("circle-x", "chip-bad"),
    "unknown": ("help-circle", ""),
}
_READINGS = {
    Reading.TOTAL: "The metric adds up from the first day to the last.",
    Reading.AVERAGE: "The metric is told over everything from the first day to the last.",
    Reading.LEVEL: "The metric is read as it stands at the end of a day.",
    Reading.TRAILING: "The metric is read over as many days as the goal has, the newest of them yesterday.",
}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar of 100 units: how far filled, where it should be (null: unknown), and both in words."""

    filled: float
    expected: float | None
    words: str

    @property
    def tick(self) -> float:
        """The left edge of a tick one unit wide, within the bar."""
        return min(99.0, max(0.0, (self.expected or 0.0) - 0.5))


@dataclass(frozen=True, kw_only=True)
class ShownGoal:
    """One goal. Texts are for people; unknown is said."""

    goal: Goal
    plan: GoalPlan | None
    reading: GoalReading | None
    spec: Metric | None
    title: str
    part: str
    aim: str
    value: str
    short: str
    status: str
    icon: str
    css: str
    reason: str
    expected: str
    likely: str
    interval: str
    chance: str
    bar: Bar | None
    first: date | None
    last: date | None
    days_left: int | None
    people: str
    how: str
    baseline: str

    @property
    def slipped_at(self) -> datetime | None:
        return self.plan.slipped_at if self.plan else None


def shown_goals(goals: Sequence[Goal], *, now: datetime) -> list[ShownGoal]:
    """Goals with their newest readings; a fixed number of queries."""
    newest = _newest(goals)
    names = _filter_names(goals)
    return [_shown(goal, newest.get(goal.pk), names, now=now) for goal in goals]


def _newest(goals: Iterable[Goal]) -> dict[str, GoalReading]:
    newest = GoalReading.objects.filter(goal=OuterRef("goal")).order_by("-day").values("pk")[:1]
    readings = GoalReading.objects.filter(goal__in=[goal.pk for goal in goals], pk=Subquery(newest))
    return {reading.goal_id: reading for reading in readings}


def _filter_names(goals: Iterable[Goal]) -> Mapping[tuple[str, str], str]:
    wanted: dict[str, set[str]] = {}
    for goal in goals:
        for dimension, values in (goal.filters or {}).items():
            wanted.setdefault(dimension, set()).update(values if isinstance(values, list) else [str(values)])
    return {(d, v): name for d, values in wanted.items() for v, name in names_of(d, sorted(values)).items()}


def _shown(
    goal: Goal, reading: GoalReading | None, names: Mapping[tuple[str, str], str], *, now: datetime
) -> ShownGoal:
    plan: GoalPlan | None = getattr(goal, "plan", None)
    spec = METRICS.get(goal.metric or "")
    status = reading.status if reading else "unknown"
    known = is_measurable(goal)
    last = last_day(goal) if known else None
    told = _Told(spec)
    return ShownGoal(
        goal=goal,
        plan=plan,
        reading=reading,
        spec=spec,
        title=(plan.title if plan else "") or (spec.name if spec else goal.metric or "A goal"),
        part=_part(goal, names),
        aim=f"{'at least' if goal.direction != Direction.AT_MOST else 'at most'} {told.full(goal.target)}",
        value=told.full(reading.value if reading else None),
        short=told.short(reading.value if reading else None),
        status=status,
        icon=STATUSES[status][0],
        css=STATUSES[status][1],
        reason=_reason(goal, reading, spec, now=now),
        expected=told.about(reading.expected) if reading and reading.expected is not None else "",
        likely=told.about(reading.likely) if reading and reading.likely is not None else "",
        interval=told.interval(reading),
        chance=chance(reading.probability) if reading else "",
        bar=_bar(goal, reading, told),
        first=span_of(goal).start if known else None,
        last=last,
        days_left=(last - today_of(now)).days + 1 if last else None,
        people=_people(goal, plan),
        baseline=told.full(plan.baseline) if plan and plan.baseline is not None else "",
        how=_READINGS[Reading(plan.reading)] if plan and plan.reading else "",
    )


class _Told:
    """Values in the unit of a metric, which may be gone."""

    def __init__(self, spec: Metric | None) -> None:
        self.spec = spec

    def full(self, value: float | None) -> str:
        return in_full(self.spec, value) if self.spec else wording.number(value)

    def short(self, value: float | None) -> str:
        return in_short(self.spec, value) if self.spec else wording.number(value)

    def about(self, value: float) -> str:
        """What is not counted but foreseen, with four figures."""
        return self.full(rounded(value, self.spec.unit, figures=4) if self.spec else value)

    def interval(self, reading: GoalReading | None) -> str:
        if reading is None or reading.lower is None or reading.upper is None or reading.lower == reading.upper:
            return ""
        return f"{self.about(reading.lower)} to {self.about(reading.upper)}"


def chance(probability: float | None) -> str:
    """0.723 -> "72 %"; never quite 0 or 100 while something is open."""
    if probability is None:
        return ""
    if 0 < probability < 0.01:
        return "under 1\u00a0%"
    if 0.99 < probability < 1:
        return "over 99\u00a0%"
    return wording.percent(round(probability, 2))


def _part(goal: Goal, names: Mapping[tuple[str, str], str]) -> str:
    """ "Channel: web, store"; empty for the whole."""
    said = []
    for dimension, values in sorted((goal.filters or {}).items()):
        kept = values if isinstance(values, list) else [str(values)]
        said.append(f"{wording.plain(dimension)}: {', '.join(names.get((dimension, v), str(v)) for v in kept)}")
    return "; ".join(said)


def _reason(goal: Goal, reading: GoalReading | None, spec: Metric | None, *, now: datetime) -> str:
    if spec is None:
        return f"There is no metric {goal.metric}." if goal.metric else "It names no metric."
    if not is_measurable(goal):
        return "It lacks a target, or its first and last day."
    if span_of(goal).start >= today_of(now):
        return begins(span_of(goal).start)
    return reading.reason if reading else "It has not been measured yet."


def begins(day: date) -> str:
    return f"It begins on {wording.day(day)}."


def _people(goal: Goal, plan: GoalPlan | None) -> str:
    owner = (goal.owner.name or goal.owner.username) if goal.owner else ""
    team = plan.team.name if plan and plan.team else ""
    return ", ".join(filter(None, (owner, team)))


def _bar(goal: Goal, reading: GoalReading | None, told: _Told) -> Bar | None:
    """Value against target from 0 on; none where one of them is below 0 or unknown."""
    if reading is None or reading.value is None or not goal.target or goal.target < 0 or reading.value < 0:
        return None
    if told.spec is not None and told.spec.unit in (Unit.POINTS, Unit.RATE):
        return None
    share = reading.value / goal.target
    expected = None if reading.expected is None or reading.expected < 0 else min(1.0, reading.expected / goal.target)
    of = "of the target" if goal.direction != Direction.AT_MOST else "of what is allowed"
    words = f"{wording.percent(share, 0)} {of}"
    if expected is not None and expected < 1:
        words += f", {wording.percent(expected, 0)} by now would be on pace"
    marker = None if expected is None else round(100 * expected, 1)
    return Bar(filled=round(100 * min(1.0, share), 1), expected=marker, words=words)
