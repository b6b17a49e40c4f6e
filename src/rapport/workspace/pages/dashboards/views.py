"""Dashboards: tiles, charts, and what is not measured yet."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.workspace.metrics import dashboards
from rapport.workspace.metrics.boards.access import may_edit
from rapport.workspace.metrics.boards.mailing import unsent
from rapport.workspace.metrics.figures import Figures
from rapport.workspace.metrics.models import Dashboard
from rapport.workspace.pages.dashboards.asides import beside, listed
from rapport.workspace.pages.dashboards.asking import Asking, asking
from rapport.workspace.pages.dashboards.finding import dashboard_of, seen
from rapport.workspace.pages.dashboards.tiles import board
from rapport.workspace.pages.lists.pages import reader
from rapport.workspace.team.access import Action, can


def index(request: HttpRequest) -> HttpResponse:
    """The first dashboard."""
    return redirect("dashboards:dashboard", seen(request)[0].slug)


def dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    """The page, with its figures where they are at hand; else they are fetched once it is shown."""
    tabs = seen(request)
    shown = next((d for d in tabs if d.slug == slug), None) or dashboard_of(request, slug)
    ask = asking(request, now=timezone.now())
    kept = dashboards.kept_figures(shown, ask.asked, now=timezone.now())
    dashboards.opened(shown, now=timezone.now())
    context = {
        "dashboards": tabs,
        "dashboard": shown,
        "ask": ask,
        "path": request.path,
        "may_edit": may_edit(reader(request), shown),
        "may_export": can(reader(request), Action.EXPORT),
        "may_share": can(reader(request), Action.EDIT_DASHBOARDS),
        "mail_problems": unsent(shown, reader(request)),
        "is_empty": not shown.tiles.exists(),
    }
    return render(request, "dashboards/dashboard.html", {**context, **_board(request, shown, kept, ask)})


def figures(request: HttpRequest, slug: str) -> HttpResponse:
    """A part of a page: the figures, computed if they must be."""
    shown = dashboard_of(request, slug)
    ask = asking(request, now=timezone.now())
    try:
        found = dashboards.figures(shown, ask.asked, now=timezone.now())
    except RapportError as error:
        return render(request, "dashboards/figures.html", {"problem": error.sentence})
    context = {"dashboard": shown, "ask": ask, **_board(request, shown, found, ask)}
    return render(request, "dashboards/figures.html", context)


def _board(request: HttpRequest, shown: Dashboard, found: Figures | None, ask: Asking) -> dict[str, Any]:
    if found is None:
        return {"board": None}
    extras, notes = beside(shown, ask)
    user = reader(request)
    return {
        "board": board(found, ask.asked, extras),
        "notes": listed(notes, user),
        "today": timezone.localdate().isoformat(),
        "may_note_everywhere": can(user, Action.EDIT_DASHBOARDS),
        "may_export": can(user, Action.EXPORT),
    }
