"""Goals by objective, one goal, and the strategy on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rapport.engine.errors import RapportError
from rapport.engine.metrics.goals import rounded
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.goals.examples import offers
from rapport.workspace.metrics.goals.keeping import refresh_goals
from rapport.workspace.metrics.goals.models import PERSPECTIVES, GoalAlert, GoalReading, Objective
from rapport.workspace.metrics.models import Goal
from rapport.workspace.pages.dashboards.units import in_full
from rapport.workspace.pages.goals.charts import course_chart, months_chart
from rapport.workspace.pages.goals.mine import WITH, alerts_of, is_mine
from rapport.workspace.pages.goals.shown import ShownGoal, chance, shown_goals
from rapport.workspace.team.access import Action, can, needs
from rapport.workspace.team.models import User

_MOST_LINES = 60
_KEPT = timedelta(days=120)  # how long a goal that was due is still listed


@dataclass(frozen=True, kw_only=True)
class Group:
    """An objective with its goals; none for goals without one."""

    objective: Objective | None
    goals: Sequence[ShownGoal]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A perspective, or a heading of one's own, with its objectives."""

    name: str
    groups: Sequence[Group]


def index(request: HttpRequest) -> HttpResponse:
    """All goals that are not long over, by objective; those that slipped first said."""
    groups = _groups(request, everything=request.GET.get("show") == "all")
    every = [g for group in groups for g in group.goals]
    counts = [(word, sum(g.status == word for g in every)) for word in ("at risk", "missed", "on track", "reached")]
    context = {
        "groups": groups,
        "empty": [group for group in groups if not group.goals],
        "counts": [(word, count) for word, count in counts if count],
        "any": bool(every),
        "may_edit": can(cast(User, request.user), Action.EDIT_GOALS),
        "alerts": alerts_of(cast(User, request.user), now=timezone.now()),
        "mine": request.GET.get("whose") == "mine",
    }
    return render(request, "goals/index.html", context)


def offered(request: HttpRequest) -> HttpResponse:
    """A part of the page: the field's goals that could be set here."""
    found = [(o, in_full(METRICS[o.metric], o.value)) for o in offers(now=timezone.now())]
    may = can(cast(User, request.user), Action.EDIT_GOALS)
    return render(request, "goals/offers.html", {"offers": found, "may_edit": may})


def strategy(request: HttpRequest) -> HttpResponse:
    """Everything on one page, to print."""
    groups = _groups(request)
    own = [g.objective.heading for g in groups if g.objective and g.objective.heading not in PERSPECTIVES]
    names = [*PERSPECTIVES, *dict.fromkeys(own)]
    told = [Heading(name=n, groups=[g for g in groups if g.objective and g.objective.heading == n]) for n in names]
    rest = [g for g in groups if g.objective is None and g.goals]
    headings = [h for h in told if h.groups] + ([Heading(name="Other goals", groups=rest)] if rest else [])
    return render(request, "goals/strategy.html", {"headings": headings, "today": timezone.localdate()})


def goal(request: HttpRequest, goal_id: str) -> HttpResponse:
    """One goal: how it stands, how it came there, where it may end."""
    found = get_object_or_404(Goal.objects.select_related(*WITH), pk=goal_id, deleted_at=None)
    (its,) = shown_goals([found], now=timezone.now())
    readings = list(found.readings.order_by("day"))
    may = can(cast(User, request.user), Action.EDIT_GOALS)
    context: dict[str, Any] = {"shown": its, "may_edit": may, "lines": _lines(its, readings), **_charts(its, readings)}
    return render(request, "goals/goal.html", context)


@require_POST
@needs(Action.EDIT_GOALS)
def measure(request: HttpRequest) -> HttpResponse:
    """Measure all goals now."""
    try:
        count = refresh_goals(now=timezone.now())
    except RapportError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{count} goal{'' if count == 1 else 's'} measured.")
    back = request.POST.get("goal", "")
    return redirect("goals:goal", back) if back else redirect("goals:index")


@require_POST
def seen(request: HttpRequest, alert_id: str) -> HttpResponse:
    """An alert of one's own is put away."""
    alert = get_object_or_404(GoalAlert, pk=alert_id, user_id=request.user.pk)
    alert.seen_at = timezone.now()
    alert.save(update_fields=["seen_at"])
    return HttpResponse("")


def _groups(request: HttpRequest, *, everything: bool = False) -> list[Group]:
    """By objective; goals that were due over four months ago only when all are asked for."""
    goals = Goal.objects.filter(deleted_at=None).select_related(*WITH).order_by("due_at", "id")
    if not everything:
        goals = goals.exclude(due_at__lt=timezone.now() - _KEPT)
    if request.GET.get("whose") == "mine":
        goals = goals.filter(is_mine(cast(User, request.user)))
    told = shown_goals(list(goals), now=timezone.now())
    of: dict[str, list[ShownGoal]] = {}
    for one in told:
        of.setdefault((one.plan.objective_id or "") if one.plan else "", []).append(one)
    groups = [Group(objective=o, goals=of.get(o.pk, [])) for o in Objective.objects.all()]
    return groups + ([Group(objective=None, goals=of[""])] if "" in of else [])


def _charts(its: ShownGoal, readings: Sequence[GoalReading]) -> dict[str, Any]:
    if its.spec is None or its.last is None or its.plan is None or not its.plan.shown:
        return {}
    told = its.plan.shown
    months = [(day, value) for day, value in told["months"] if value is not None]
    return {
        "course": course_chart(
            its.spec,
            actual=actual(told["course"], readings),
            pace=[(day, value) for day, value in told["pace"]],
            reading=its.reading,
            target=float(its.goal.target or 0),
            last=its.last,
        ),
        "months": months_chart(its.spec, months),
        "month_lines": [(date.fromisoformat(d), in_full(its.spec, v)) for d, v in reversed(told["months"])],
        "no_projection": told.get("no_projection"),
        "seasonal": told.get("seasonal"),
        "is_met": told.get("is_met"),
        "last_year": in_full(its.spec, told.get("last_year")),
    }


def actual(course: Sequence[Sequence[Any]], readings: Sequence[GoalReading]) -> list[tuple[str, float]]:
    """The months before readings were kept, then a reading a day."""
    kept = {reading.day.isoformat(): reading.value for reading in readings if reading.value is not None}
    first = min(kept, default="9999")
    return sorted({**{day: value for day, value in course if day < first}, **kept}.items())


def _lines(its: ShownGoal, readings: Sequence[GoalReading]) -> list[dict[str, Any]]:
    """Readings in words, the newest first."""
    spec = its.spec
    if spec is None:
        return []
    return [
        {
            "day": reading.day,
            "value": in_full(spec, reading.value),
            "expected": in_full(spec, rounded(reading.expected, spec.unit, figures=4))
            if reading.expected is not None
            else "–",
            "likely": in_full(spec, rounded(reading.likely, spec.unit, figures=4))
            if reading.likely is not None
            else "–",
            "chance": chance(reading.probability) or "–",
            "status": reading.status,
        }
        for reading in list(reversed(readings))[:_MOST_LINES]
    ]
