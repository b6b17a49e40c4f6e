"""Does acting pay? Holding some out from a score's suggestions, and what that showed; how many the team works."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rapport.engine.errors import DefinitionError, RapportError
from rapport.engine.evaluation.holdout.power import smallest_seen
from rapport.workspace.actions import capacity as capacities
from rapport.workspace.actions import holdout
from rapport.workspace.actions.holdout_reports import due_at, report
from rapport.workspace.actions.models import HoldoutPlan
from rapport.workspace.pages.scores.live_pictures import effects_chart
from rapport.workspace.scores.definitions import live, readable, version_of
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.team.access import Action, can, needs
from rapport.workspace.team.models import Team

_DAYS, _SHARE = 90, 20
_FIGURES = ("difference", "lift", "incremental", "revenue", "incremental_revenue")
_WORDS = {
    "pays": ("circle-check", "it pays", "chip-good"),
    "hurts": ("alert-circle", "it does harm", "chip-bad"),
    "undecided": ("alert-triangle", "cannot be told", "chip-warn"),
    "too_early": ("clock", "too early", ""),
    "broken": ("alert-circle", "void", "chip-bad"),
}


@needs(Action.EDIT_SCORES)
def page(request: HttpRequest, name: str) -> HttpResponse:
    version = get_object_or_404(ScoreDefinition, name=name, version=_version(name))
    plans = list(HoldoutPlan.objects.filter(score=name))
    now = timezone.now()
    plan = _chosen(request, plans)
    effects = (plan.report or {}).get("effects", []) if plan else []
    works = capacities.capacity(now=now)
    context = {
        "name": name,
        "version": version,
        "definition": readable(version),
        "is_live": live(name) is not None,
        "plan": plan,
        "plans": plans,
        "runs": plan is not None and plan.stopped_at is None and plan.ends_at > now,
        "running": holdout.running(name, now=now),
        "due_at": due_at(plan) if plan else None,
        "sizes": holdout.sizes(plan) if plan else {},
        "effects": [(_complete(e), _WORDS[e["verdict"]["word"]]) for e in effects],
        "chart": effects_chart(effects),
        "works": works,
        "foreseen": _foreseen(version, works.per_week),
        "share": _SHARE,
        "days": _DAYS,
        "may_decide": can(request.user, Action.PUBLISH_SCORES),
    }
    return render(request, "scores/holdout.html", context)


@require_POST
@needs(Action.PUBLISH_SCORES)
def start(request: HttpRequest, name: str) -> HttpResponse:
    try:
        holdout.start(_wanted(name, request.POST), by=str(request.user), now=timezone.now())
        messages.success(request, "From the next work list on, some are held out at random.")
    except RapportError as error:
        messages.error(request, error.sentence)
    return redirect("scores:holdout", name)


@require_POST
@needs(Action.PUBLISH_SCORES)
def stop(request: HttpRequest, name: str) -> HttpResponse:
    plan = get_object_or_404(HoldoutPlan, score=name, pk=request.POST.get("plan", ""))
    try:
        holdout.stop(plan, by=str(request.user), why=request.POST.get("why", ""), now=timezone.now())
        messages.success(request, "Stopped. Those held out are suggested again.")
    except RapportError as error:
        messages.error(request, error.sentence)
    return redirect("scores:holdout", name)


@require_POST
@needs(Action.EDIT_SCORES)
def compare(request: HttpRequest, name: str) -> HttpResponse:
    """Compute the report now."""
    plan = get_object_or_404(HoldoutPlan, score=name, pk=request.POST.get("plan", ""))
    try:
        report(plan, now=timezone.now())
    except RapportError as error:
        messages.error(request, error.sentence)
    return redirect("scores:holdout", name)


@needs(Action.EDIT_SCORES)
def capacity(request: HttpRequest) -> HttpResponse:
    """How many suggestions each team works a week."""
    if request.method == "POST":
        _set_capacity(request)
        return redirect("scores:capacity")
    now = timezone.now()
    return render(
        request, "scores/capacity.html", {"all": capacities.capacity(now=now), "teams": capacities.by_team(now=now)}
    )


def _complete(effect: Mapping[str, Any]) -> dict[str, Any]:
    """The effect with figures that are not known as such, so that a page shows a dash for them."""
    unknown = {"value": None, "low": None, "high": None}
    return {**effect, **{name: effect.get(name) or unknown for name in _FIGURES}}


def _set_capacity(request: HttpRequest) -> None:
    team = request.POST.get("team", "")
    try:
        capacities.set_capacity(
            team=get_object_or_404(Team, pk=team) if team else None,
            per_week=int(_number(request.POST.get("per_week", ""), "suggestions a week")),
            by=str(request.user),
            now=timezone.now(),
        )
        messages.success(request, "Kept.")
    except RapportError as error:
        messages.error(request, error.sentence)


def _version(name: str) -> int:
    try:
        return version_of(name).version or 1
    except DefinitionError:
        return 0


def _chosen(request: HttpRequest, plans: list[HoldoutPlan]) -> HoldoutPlan | None:
    asked = request.GET.get("plan", "")
    return next((p for p in plans if p.pk == asked), plans[0] if plans else None)


def _wanted(name: str, told: Mapping[str, str]) -> holdout.Wanted:
    spared = [band.strip() for band in told.get("spared", "").split(",") if band.strip()]
    least, cost = told.get("least", "").strip(), told.get("cost", "").strip()
    return holdout.Wanted(
        score=name,
        held_out=float(_number(told.get("share", ""), "share held out") / 100),
        days=int(_number(told.get("days", ""), "days")),
        why=told.get("why", ""),
        by_band=dict.fromkeys(spared, 0.0),
        least_effect=float(_number(least, "least effect") / 100) if least else None,
        cost=_number(cost, "cost") if cost else None,
    )


def _number(text: str, what: str) -> Decimal:
    try:
        found = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise DefinitionError("A number is needed.", where=what, received=text)
    return found


def _foreseen(version: ScoreDefinition, per_week: int | None) -> float | None:
    """The rise of the rate that a plan of the usual share and length would show; None where too little is known."""
    rate = ((version.backtest or {}).get("conversion") or {}).get("rate")
    if not rate or not per_week:
        return None
    total = round(per_week * _DAYS / 7)
    held_out = round(total * _SHARE / 100)
    return smallest_seen(float(rate), treated=total - held_out, control=held_out)
