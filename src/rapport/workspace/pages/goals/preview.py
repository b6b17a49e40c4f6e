"""Beside the form: the metric's history, targets that it suggests, and what a target would mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.engine.metrics import goals as engine
from rapport.engine.metrics.spec import Metric
from rapport.workspace.metrics.data_version import data_version
from rapport.workspace.metrics.goals.asking import measured
from rapport.workspace.pages.dashboards.units import in_full
from rapport.workspace.pages.goals.charts import months_chart
from rapport.workspace.pages.goals.form import VALUE, GoalForm, unit_of
from rapport.workspace.pages.goals.parts import parts_named
from rapport.workspace.pages.goals.shown import begins, chance
from rapport.workspace.team.access import Action, needs

_KEPT_S = 600


@needs(Action.EDIT_GOALS)
def preview(request: HttpRequest) -> HttpResponse:
    """A part of the form's page; the fields that depend on the metric come with it when it changed."""
    now = timezone.now()
    asked = request.GET
    dimension, part = asked.get("dimension", ""), asked.get("part", "")
    changed = request.headers.get("HX-Trigger-Name", "") in ("metric", "dimension", "kind")
    parts = parts_named(asked.get("metric", ""), dimension, now=now) if changed else [(part, part)]
    data = asked.copy()
    data.setdefault("target", "0")
    if part not in dict(parts):
        data["part"] = ""
    form = GoalForm(data, parts=parts)
    fields = GoalForm(
        initial={**asked.dict(), "part": data.get("part", "")}, parts=parts
    )  # to show, without complaints
    context: dict[str, Any] = {"form": fields, "changed": changed}
    if not asked.get("metric"):
        return render(request, "goals/preview.html", context)
    form.is_valid()
    wrong = [name for name in ("metric", "first", "last") if form.errors.get(name)]
    if wrong:
        return render(request, "goals/preview.html", {**context, "problem": "Choose the days, too."})
    try:
        context |= _told(form, asked.get("target", ""), now=now)
    except RapportError as error:
        context["problem"] = error.sentence
    return render(request, "goals/preview.html", context)


def _told(form: GoalForm, typed: str, *, now: datetime) -> dict[str, Any]:
    told = form.cleaned_data
    form.cleaned_data = {**told, **{k: told.get(k, "") for k in ("part", "dimension", "title", "owner", "team")}}
    form.cleaned_data.update(kind=told.get("kind") or VALUE, target=told.get("target") or 0.0)
    draft = form.draft(objective="")
    goal = draft.asked
    wanted = goal.target if typed and draft.change is None else None
    found = _measured(replace(goal, target=None), now=now)
    history = replace(found.history, goal=replace(goal, target=wanted))
    told_now = engine.progress_of(history)
    spec = goal.spec
    months = [(m.period.end.isoformat(), value) for m, value in zip(history.months, history.series, strict=True)]
    known = [(day, value) for day, value in months if value is not None]
    percent = 100.0 if spec.unit.is_percent else 1.0
    return {
        "spec": spec,
        "now": in_full(spec, told_now.value),
        "reason": told_now.reason if history.now is not None else begins(goal.span.start),
        "likely": _about(spec, told_now.likely) if told_now.likely is not None else "",
        "interval": f"{_about(spec, told_now.lower)} to {_about(spec, told_now.upper)}",
        "chance": chance(told_now.probability),
        "aim": in_full(spec, wanted) if wanted is not None else "",
        "no_projection": told_now.no_projection,
        "flags": told_now.flags,
        "chart": months_chart(spec, known),
        "lines": [(day, in_full(spec, value)) for day, value in reversed(known)],
        "suggestions": [(f"{s.value * percent:.10g}", in_full(spec, s.value), s) for s in engine.suggestions(history)],
        "unit": unit_of(spec, kind=VALUE),
    }


def _about(spec: Metric, value: float | None) -> str:
    return in_full(spec, engine.rounded(value, spec.unit, figures=4)) if value is not None else ""


def _measured(goal: engine.Goal, *, now: datetime) -> engine.Progress:
    """Kept for ten minutes, so that typing a target does not measure anew."""
    asked = repr((goal.metric, goal.span, goal.filters, goal.direction, now.date(), data_version()))
    key = f"goal-preview:{sha256(asked.encode()).hexdigest()}"
    found: engine.Progress | None = cache.get(key)
    if found is None:
        (found,) = measured([goal], now=now)
        cache.set(key, found, _KEPT_S)
    return found
