"""Campaigns side by side under every model of attribution."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.engine.metrics.attribution.models import MODELS
from rapport.workspace.metrics.attribution import KINDS, Credit, Line, credit, models
from rapport.workspace.pages.dashboards.asking import Asking, asking, with_filter
from rapport.workspace.pages.dashboards.units import in_full, in_short

_WORDS = {"last campaign": "all to the last campaign before the purchase", **{m.name: m.words for m in MODELS}}


def attribution(request: HttpRequest) -> HttpResponse:
    """The page; the figures are fetched once it is shown."""
    kind = _kind(request)
    context = {
        "ask": asking(request, now=timezone.now()),
        "kind": kind,
        "kinds": KINDS.items(),
        "models": [(model.spec, model.name, _WORDS[model.name]) for model in models(kind)],
    }
    return render(request, "dashboards/attribution.html", context)


def figures(request: HttpRequest) -> HttpResponse:
    """A part of the page: campaigns by model."""
    now, kind = timezone.now(), _kind(request)
    ask = asking(request, now=now)
    context: dict[str, Any] = {"ask": ask, "kind": kind}
    try:
        found = credit(kind, ask.asked, now=now)
    except RapportError as error:
        return render(request, "dashboards/attribution_figures.html", {**context, "problem": error.sentence})
    context |= {
        "found": found,
        "lines": [(line, _cells(line, found, ask)) for line in found.lines],
        "totals": [in_short(m.spec, total) for m, total in zip(found.models, found.totals, strict=True)],
    }
    return render(request, "dashboards/attribution_figures.html", context)


def _kind(request: HttpRequest) -> str:
    asked = request.GET.get("of", "")
    return asked if asked in KINDS else next(iter(KINDS))


def _cells(line: Line, found: Credit, ask: Asking) -> list[dict[str, Any]]:
    """Each with its rows; of a campaign the most and the least of the models are marked where they differ."""
    known = [value for value in line.values if value is not None]
    most, least = max(known, default=0), min(known, default=0)
    marked = not line.is_rest and most > least
    return [
        {
            "spec": model.spec,
            "text": in_short(model.spec, value),
            "exact": in_full(model.spec, value),
            "query": with_filter(ask.asked, "campaign", line.id),
            "mark": ("most" if value == most else "least" if value == least else "") if marked else "",
        }
        for model, value in zip(found.models, line.values, strict=True)
    ]
