"""The forecast of a month or quarter: what will be won, by whom, what changed, and how good forecasts were."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from rapport.engine.errors import DefinitionError, MissingTable, RapportError
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.dashboards import reporting_zone
from rapport.workspace.metrics.forecasts.asked import choices, forecast, kept_forecast, name_of, owners_of, period_named
from rapport.workspace.metrics.forecasts.beyond import beyond
from rapport.workspace.metrics.forecasts.past import past
from rapport.workspace.pages.deals.forecast_shown import shown, shown_past
from rapport.workspace.pages.lists.pages import reader
from rapport.workspace.team.models import User


@require_GET
def forecast_page(request: HttpRequest) -> HttpResponse:
    """The page, with figures where they are at hand; else they are fetched once it is shown."""
    context = _asked(request)
    kept = kept_forecast(context["period"], owners_of(reader(request)), now=timezone.now())
    if kept is not None:
        context["told"] = shown(kept, reader(request))
    return render(request, "deals/forecast.html", context)


@require_GET
def forecast_figures(request: HttpRequest) -> HttpResponse:
    """A part of the page: the figures, computed if they must be."""
    context = _asked(request)
    user = reader(request)
    try:
        context["told"] = shown(forecast(context["period"], owners_of(user), now=timezone.now()), user)
    except MissingTable:
        context["without_deals"] = True
    except RapportError as error:
        context["problem"] = error.sentence
    return render(request, "deals/forecast_figures.html", context)


@require_GET
def forecast_past(request: HttpRequest) -> HttpResponse:
    """A part of the page: how good forecasts of all deals were, for those who see all deals."""
    user: User = reader(request)
    if owners_of(user) is not None:
        return render(request, "deals/forecast_past.html", {"withheld": True})
    try:
        return render(request, "deals/forecast_past.html", {"past": shown_past(past(now=timezone.now()))})
    except RapportError as error:
        return render(request, "deals/forecast_past.html", {"problem": error.sentence})


@require_GET
def forecast_beyond(request: HttpRequest) -> HttpResponse:
    """A part of the page: what is to come beside deals, for those who see everything."""
    if owners_of(reader(request)) is not None:
        return render(request, "deals/forecast_beyond.html", {"withheld": True})
    try:
        found = beyond(now=timezone.now())
    except RapportError as error:
        return render(request, "deals/forecast_beyond.html", {"problem": error.sentence})
    volumes = [(METRICS[f.metric].name, f.metric, f) for f in found.volumes]
    return render(request, "deals/forecast_beyond.html", {"beyond": found, "volumes": volumes})


def _asked(request: HttpRequest) -> dict[str, Any]:
    """The period in the address; a wrong one falls back to this quarter, and says so."""
    today = timezone.now().astimezone(reporting_zone()).date()
    offered = choices(today)
    usual = next(name for name, label in offered.items() if label == "This quarter")
    name, problem = request.GET.get("period", usual), ""
    try:
        period = period_named(name)
    except DefinitionError as error:
        period, problem = period_named(usual), error.sentence
    named = name_of(period)
    picked = [(other, label, other == named) for other, label in offered.items()]
    if named not in offered:
        picked.append((named, period.label, True))
    return {"period": period, "name": named, "choices": picked, "wrong": problem}
