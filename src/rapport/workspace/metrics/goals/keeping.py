"""Keeping how goals stand: a reading a day, what charts show, and an alert when one slips."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rapport.engine.metrics import goals as engine
from rapport.engine.metrics.value import MetricValue
from rapport.workspace.metrics.goals.asking import asked, is_measurable, measured, today_of
from rapport.workspace.metrics.goals.models import GoalAlert, GoalPlan, GoalReading
from rapport.workspace.metrics.models import Goal
from rapport.workspace.scores.runs import Progress, quiet
from rapport.workspace.team.models import User

SETTLED_AFTER = timedelta(days=120)  # late data and cohorts may still move a goal that is due, not for ever
RECOVERED = 0.6  # a goal that slipped must be this likely before it can slip again
_SLIPPED = (engine.Status.AT_RISK, engine.Status.MISSED)


def refresh_goals(*, now: datetime | None = None, progress: Progress = quiet) -> int:
    """Measure every goal that is not long over, and keep what was found; how many. Safe to run again."""
    at = now or timezone.now()
    goals = Goal.objects.filter(deleted_at=None).filter(Q(due_at__gt=at - SETTLED_AFTER)).select_related("plan")
    return refresh([goal for goal in goals if is_measurable(goal)], now=at, progress=progress)


def refresh(goals: Sequence[Goal], *, now: datetime, progress: Progress = quiet) -> int:
    """Measure these goals together, and keep how each stands."""
    if not goals:
        return 0
    progress(0, len(goals), "measuring goals")
    plans = [GoalPlan.objects.get_or_create(goal=goal)[0] for goal in goals]
    readings = [engine.Reading(plan.reading) if plan.reading else None for plan in plans]
    found = measured([asked(goal) for goal in goals], now=now, readings=readings)
    for done, (goal, plan, its) in enumerate(zip(goals, plans, found, strict=True), start=1):
        keep(goal, plan, its, now=now)
        progress(done, len(goals), "measuring goals")
    return len(goals)


@transaction.atomic
def keep(goal: Goal, plan: GoalPlan, found: engine.Progress, *, now: datetime) -> GoalReading:
    """The day's reading, replaced where there is one; and an alert where the goal slips now."""
    reading, _ = GoalReading.objects.update_or_create(
        goal=goal,
        day=min(found.cut, today_of(now)),
        defaults={
            "value": found.value,
            "expected": found.expected,
            "likely": found.likely,
            "lower": found.lower,
            "upper": found.upper,
            "probability": found.probability,
            "status": found.status.value,
            "reason": found.reason or found.no_projection or "",
            "flags": list(found.flags),
            "computed_at": now,
        },
    )
    if found.history.now is not None:
        plan.reading = found.reading.value
    plan.shown = shown(found)
    _tell_of_slip(goal, plan, reading, now=now)
    plan.save()
    return reading


def shown(found: engine.Progress) -> dict[str, Any]:
    """What charts and words of a goal's page need beside its readings."""
    return {
        "months": [[value.period.end.isoformat(), _settled(found, place)] for place, value in _told(found)],
        "pace": [[day.isoformat(), value] for day, value in found.pace.points] if found.pace else [],
        "seasonal": bool(found.pace and found.pace.seasonal),
        "course": [[day.isoformat(), value] for day, value in engine.course(found.history)],
        "last_year": _number(found.history.last_year),
        "no_projection": found.no_projection,
        "is_met": found.is_met,
        "data_through": _data_through(found),
    }


def _told(found: engine.Progress) -> list[tuple[int, MetricValue]]:
    series = found.history.series
    first = next((i for i, value in enumerate(series) if value is not None), len(series))
    return list(enumerate(found.history.months))[first:]


def _settled(found: engine.Progress, place: int) -> float | None:
    return found.history.series[place]


def _number(value: MetricValue) -> float | None:
    return None if value.value is None else float(value.value)


def _data_through(found: engine.Progress) -> str | None:
    through = found.history.now.data_through if found.history.now else None
    return through.isoformat() if through else None


def _tell_of_slip(goal: Goal, plan: GoalPlan, reading: GoalReading, *, now: datetime) -> None:
    """Once per slip: again only after it has been on track in between.

    One that was at risk when it was set has not slipped; that it was missed is told in the end.
    """
    status = engine.Status(reading.status)
    if status in _SLIPPED:
        if plan.slipped_at is None:
            told = goal.readings.filter(day__lt=reading.day).exists()
            plan.slipped_at = now
        else:
            told = status is engine.Status.MISSED and not goal.alerts.filter(raised_at__gte=plan.slipped_at).exists()
        people = responsible(goal, plan) if told else []
        GoalAlert.objects.bulk_create(
            GoalAlert(goal=goal, user=user, reading=reading, raised_at=now) for user in people
        )
    elif status is engine.Status.REACHED or (
        status is engine.Status.ON_TRACK and (reading.probability is None or reading.probability >= RECOVERED)
    ):
        plan.slipped_at = None


def responsible(goal: Goal, plan: GoalPlan) -> list[User]:
    """The owner, and everyone of the team."""
    of_team = Q(team_id=plan.team_id) if plan.team_id else Q(pk__in=[])
    people = User.objects.filter(Q(pk=goal.owner_id) | of_team, is_active=True, deleted_at=None)
    return list(people.order_by("pk"))
