"""Taking a dashboard along: figures as CSV or workbook, pages as PDF, a chart as PNG."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from rapport.engine.errors import RapportError
from rapport.workspace.metrics import dashboards
from rapport.workspace.metrics.models import Dashboard
from rapport.workspace.pages.dashboards import pictures, tables
from rapport.workspace.pages.dashboards.asides import beside
from rapport.workspace.pages.dashboards.asking import Asking, asking
from rapport.workspace.pages.dashboards.finding import dashboard_of
from rapport.workspace.pages.dashboards.tiles import Board, board
from rapport.workspace.pages.frame.wording import day, instant
from rapport.workspace.team.access import Action, needs

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Answer = Callable[[Board, Dashboard, Asking], HttpResponseBase]


def lead_of(ask: Asking, found: Board) -> str:
    """ "1 Oct 2026 to 31 Oct 2026, channel: web; data up to 31 Oct 2026, 14:00 CET." """
    only = "".join(f", {f.dimension.replace('_', ' ')}: {f.name}" for f in ask.filters)
    through = f"; data up to {instant(found.figures.data_through)}" if found.figures.data_through else ""
    return f"{day(ask.picked.period.start)} to {day(ask.picked.last)}{only}{through}"


@require_GET
@needs(Action.EXPORT)
def export(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    """kind: csv, xlsx or pdf."""
    makers: dict[str, Answer] = {"csv": _csv, "xlsx": _xlsx, "pdf": _pdf}
    if kind not in makers:
        raise Http404("There is no such export.")
    shown, ask = dashboard_of(request, slug), asking(request, now=timezone.now())
    try:
        found = _board(shown, ask)
    except RapportError as error:
        return HttpResponse(error.sentence, status=409, content_type="text/plain; charset=utf-8")
    answer = makers[kind](found, shown, ask)
    answer["Content-Disposition"] = f'attachment; filename="{shown.slug}-{ask.first}-{ask.last}.{kind}"'
    return answer


@require_GET
@needs(Action.EXPORT)
def picture(request: HttpRequest, slug: str, metric_id: str) -> HttpResponse:
    """The chart of a metric on the dashboard as PNG; `by` names its dimension."""
    shown, ask = dashboard_of(request, slug), asking(request, now=timezone.now())
    by = request.GET.get("by", "")
    try:
        charts = _board(shown, ask).charts
    except RapportError as error:
        return HttpResponse(error.sentence, status=409, content_type="text/plain; charset=utf-8")
    chart = next((s for s in charts if (s.spec.id, s.figure.by) == (metric_id, by) and s.chart is not None), None)
    if chart is None:
        raise Http404("There is no such chart.")
    answer = HttpResponse(pictures.png(chart), content_type="image/png")
    answer["Content-Disposition"] = f'attachment; filename="{metric_id}{"-" + by if by else ""}-{ask.last}.png"'
    return answer


def _board(shown: Dashboard, ask: Asking) -> Board:
    found = dashboards.figures(shown, ask.asked, now=timezone.now())
    return board(found, ask.asked, beside(shown, ask)[0])


def _csv(found: Board, _shown: Dashboard, _ask: Asking) -> HttpResponseBase:
    return HttpResponse("".join(tables.csv_of(found)), content_type="text/csv; charset=utf-8")


def _xlsx(found: Board, shown: Dashboard, ask: Asking) -> HttpResponseBase:
    return HttpResponse(tables.workbook_of(found, title=shown.title, lead=lead_of(ask, found)), content_type=_XLSX)


def _pdf(found: Board, shown: Dashboard, ask: Asking) -> HttpResponseBase:
    return HttpResponse(
        pictures.pdf(found, title=shown.title, lead=lead_of(ask, found)), content_type="application/pdf"
    )
