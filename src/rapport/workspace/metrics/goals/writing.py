"""Making and changing goals and objectives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics import goals as engine
from rapport.engine.metrics.measure import spec_of
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.spec import Unit
from rapport.workspace.crm.records import changes
from rapport.workspace.metrics.goals.asking import LAST_YEAR, baseline, instants_of, only
from rapport.workspace.metrics.goals.models import PERSPECTIVES, GoalPlan, Objective
from rapport.workspace.metrics.models import Goal

MOST_DAYS = 5 * 366


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A goal as someone writes it.

    Attributes:
        first, last: its days, the last one included.
        target: in the metric's unit; or change, relative to `baseline` (`last_year`, `before`): 0.1 is 10 % more.
        filters: values to keep, by dimension.
        objective: its id, or "".
    """

    metric: str
    direction: engine.Direction
    first: date
    last: date
    target: float | None = None
    change: float | None = None
    baseline: str = LAST_YEAR
    filters: dict[str, list[str]] = field(default_factory=dict)
    title: str = ""
    objective: str = ""
    owner: str = ""
    team: str = ""

    @property
    def asked(self) -> engine.Goal:
        """As the engine knows it. Raises DefinitionError where metric, part or days cannot be."""
        spec = spec_of(self.metric)
        for name in self.filters:
            if name not in spec.dimensions:
                raise DefinitionError(
                    f"{spec.name} has no such part.", where="part", received=name, allowed=sorted(spec.dimensions)
                )
        if self.last < self.first or (self.last - self.first).days > MOST_DAYS:
            raise DefinitionError(
                "A goal ends after it begins, and within five years.",
                where="due",
                received=f"{self.first.isoformat()} to {self.last.isoformat()}",
            )
        return engine.Goal(
            metric=self.metric,
            target=self.target,
            direction=self.direction,
            span=Period(self.first, date.fromordinal(self.last.toordinal() + 1)),
            filters=only(dict(self.filters)),
        )


def save_goal(draft: Draft, *, goal: Goal | None = None, by: str, now: datetime) -> Goal:
    """Make a goal, or change one. Raises DefinitionError where it cannot be, DataError where the target's base is
    unknown."""
    target, base = _target(draft, now=now)
    starts_at, due_at = instants_of(draft.first, draft.last)
    values = {
        "metric": draft.metric,
        "filters": draft.filters or None,
        "target": target,
        "direction": draft.direction.value,
        "starts_at": starts_at,
        "due_at": due_at,
        "owner_id": draft.owner or None,
    }
    with transaction.atomic():
        goal_id = changes.save("goals", goal.pk if goal else None, values, by=by, at=now)
        same = goal is not None and (goal.metric, goal.filters or None) == (draft.metric, draft.filters or None)
        told = {
            "objective_id": draft.objective or None,
            "title": draft.title,
            "team_id": draft.team or None,
            "change": draft.change,
            "baseline": base,
        }
        GoalPlan.objects.update_or_create(goal_id=goal_id, defaults={**told, **({} if same else {"reading": ""})})
        if goal is not None and not same:
            goal.readings.all().delete()
    return Goal.objects.select_related("plan").get(pk=goal_id)


def _target(draft: Draft, *, now: datetime) -> tuple[float, float | None]:
    """The value aimed at, and what it is a change of."""
    asked = draft.asked
    if draft.change is None:
        if draft.target is None:
            raise DefinitionError("A goal needs a target.", where="target")
        if asked.spec.unit is Unit.FRACTION and not 0 <= draft.target <= 1:
            raise DefinitionError("A share lies between 0 and 100 %.", where="target", received=draft.target)
        return draft.target, None
    base, reason = baseline(asked, draft.baseline, now=now)
    if base is None:
        raise DefinitionError(
            "There is nothing to change from.", where="target", received=reason, next_step="Set a value instead."
        )
    target = engine.rounded(base + abs(base) * draft.change, asked.spec.unit, figures=4)
    return (min(1.0, max(0.0, target)) if asked.spec.unit is Unit.FRACTION else target), base


def remove_goal(goal: Goal, *, by: str, now: datetime) -> None:
    """Mark it deleted; its alerts go with it."""
    changes.delete("goals", [goal.pk], by=by, at=now)
    goal.alerts.all().delete()


def save_objective(*, title: str, heading: str = "", why: str = "", objective: Objective | None = None) -> Objective:
    """Make an objective, or change one; the last of its heading at first. Raises DefinitionError without a title."""
    if not title.strip():
        raise DefinitionError("An objective needs a title.", where="objective")
    found = objective or Objective(position=Objective.objects.count())
    found.title, found.heading, found.why = title.strip()[:200], heading.strip()[:100] or PERSPECTIVES[0], why[:500]
    found.save()
    return found
