"""What stands beside a dashboard's figures: notes on days, the values to filter by, and why something stands out."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rapport.engine.errors import DefinitionError, RapportError
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.boards.explaining import explain
from rapport.workspace.metrics.boards.filtering import shared_dimensions, values_of
from rapport.workspace.metrics.boards.notes import may_remove, notes_of, remove_note, write_note
from rapport.workspace.metrics.boards.targets import targets
from rapport.workspace.metrics.computing import SERIES_MONTHS
from rapport.workspace.metrics.dashboards import measured_tiles
from rapport.workspace.metrics.models import Dashboard, DashboardNote
from rapport.workspace.pages.dashboards.asking import Asking, asking
from rapport.workspace.pages.dashboards.charts import Mark
from rapport.workspace.pages.dashboards.finding import dashboard_of
from rapport.workspace.pages.dashboards.tiles import Beside
from rapport.workspace.pages.dashboards.watching import reason
from rapport.workspace.pages.lists.pages import reader
from rapport.workspace.team.models import User


def beside(shown: Dashboard, ask: Asking) -> tuple[Beside, list[DashboardNote]]:
    """Notes of the months that charts show, numbered from the oldest, and goals."""
    within = Period.last_months(SERIES_MONTHS, until=ask.picked.last)
    notes = notes_of(shown, within=within)
    marks = [Mark(day=n.day, number=len(notes) - i, text=n.text) for i, n in enumerate(notes)]
    metrics = [tile.metric for tile in measured_tiles(shown)]
    return Beside(
        marks=marks, targets=targets(metrics, now=timezone.now()), keeps_empty=shown.owner_id is not None
    ), notes


def listed(notes: list[DashboardNote], user: User) -> list[dict[str, Any]]:
    """Notes with their numbers, newest first, and whether the reader may remove each."""
    return [{"note": n, "number": len(notes) - i, "may_remove": may_remove(user, n)} for i, n in enumerate(notes)]


@require_POST
def add_note(request: HttpRequest, slug: str) -> HttpResponse:
    shown = dashboard_of(request, slug)
    try:
        write_note(
            shown,
            day=_day(request.POST.get("day", "")),
            text=request.POST.get("text", ""),
            author=reader(request),
            everywhere="everywhere" in request.POST,
        )
        messages.success(request, "Noted.")
    except DefinitionError as error:
        messages.error(request, error.sentence)
    return _back(request, slug)


@require_POST
def delete_note(request: HttpRequest, slug: str, note_id: str) -> HttpResponse:
    shown = dashboard_of(request, slug)
    note = get_object_or_404(DashboardNote, pk=note_id)
    if note.dashboard_id not in (None, shown.pk):
        raise Http404("There is no such note.")
    remove_note(note, user=reader(request))
    messages.success(request, "The note is gone.")
    return _back(request, slug)


@require_GET
def filter_form(request: HttpRequest, slug: str) -> HttpResponse:
    """A part of a page: dimensions to choose from, then the values of the chosen one."""
    shown = dashboard_of(request, slug)
    ask = asking(request, now=timezone.now())
    tiles = measured_tiles(shown)
    dimensions = shared_dimensions(tiles)
    chosen = request.GET.get("dimension", "")
    context: dict[str, Any] = {"dashboard": shown, "ask": ask, "dimensions": dimensions, "chosen": chosen}
    context["count"] = len({t.metric for t in tiles})
    if chosen in dict(dimensions):
        try:
            context["values"] = values_of(tiles, chosen, ask.asked.question(timezone.now()))
        except RapportError as error:
            context["problem"] = error.sentence
    return render(request, "dashboards/filter.html", context)


@require_GET
def why(request: HttpRequest, metric_id: str) -> HttpResponse:
    """A part of a page: which dimension's value explains most of a month, or that none does."""
    if metric_id not in METRICS:
        raise Http404("There is no such metric.")
    now = timezone.now()
    ask = asking(request, now=now)
    seasonal = request.GET.get("seasonal") == "yes"
    try:
        month = Period.containing(_day(request.GET.get("month", "")), Grain.MONTH)
        told = explain(metric_id, month, seasonal=seasonal, filters=ask.asked.filters, now=now)
    except RapportError as error:
        return render(request, "dashboards/why.html", {"problem": error.sentence})
    spec = METRICS[metric_id]
    context = {"spec": spec, "reason": reason(spec, told, ask.asked) if told else None}
    return render(request, "dashboards/why.html", context)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DefinitionError("That is no day.", where="day", received=text) from None


def _back(request: HttpRequest, slug: str) -> HttpResponse:
    """To the same question."""
    ask = asking(request, now=timezone.now())
    return redirect(f"{reverse('dashboards:dashboard', args=[slug])}?{ask.query}#notes")
