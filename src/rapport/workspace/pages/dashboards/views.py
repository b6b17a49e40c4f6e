"""Dashboards: tiles, charts, and what is not measured yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.workspace.metrics import dashboards
from rapport.workspace.metrics.figures import Figures
from rapport.workspace.metrics.models import Dashboard
from rapport.workspace.metrics.ready_made import ensure_ready_made
from rapport.workspace.pages.dashboards.asking import Asking, asking
from rapport.workspace.pages.dashboards.tiles import board


def index(request: HttpRequest) -> HttpResponse:
    """The first dashboard."""
    found = _seen(request) or ensure_ready_made()
    return redirect("dashboards:dashboard", found[0].slug)


def dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    """The page, with its figures where they are at hand; else they are fetched once it is shown."""
    if not Dashboard.objects.filter(owner=None).exists():
        ensure_ready_made()
    shown = get_object_or_404(Dashboard, pk__in=[d.pk for d in _seen(request)], slug=slug)
    ask = asking(request, now=timezone.now())
    kept = dashboards.kept_figures(shown, ask.asked, now=timezone.now())
    context = {"dashboards": _seen(request), "dashboard": shown, "ask": ask, "path": request.path}
    return render(request, "dashboards/dashboard.html", {**context, **_board(kept, ask)})


def figures(request: HttpRequest, slug: str) -> HttpResponse:
    """A part of a page: the figures, computed if they must be."""
    shown = get_object_or_404(Dashboard, pk__in=[d.pk for d in _seen(request)], slug=slug)
    ask = asking(request, now=timezone.now())
    try:
        found = dashboards.figures(shown, ask.asked, now=timezone.now())
    except RapportError as error:
        return render(request, "dashboards/figures.html", {"problem": error.sentence})
    return render(request, "dashboards/figures.html", {"dashboard": shown, "ask": ask, **_board(found, ask)})


def _board(found: Figures | None, ask: Asking) -> dict[str, Any]:
    return {"board": board(found, ask.asked) if found else None}


def _seen(request: HttpRequest) -> Sequence[Dashboard]:
    """The ready-made ones, and one's own."""
    ready = Dashboard.objects.filter(owner=None)
    return list((ready | Dashboard.objects.filter(owner_id=request.user.pk)).order_by("position", "title"))
