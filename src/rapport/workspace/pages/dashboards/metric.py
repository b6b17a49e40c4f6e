"""A metric: what it means, how it stands, and the rows that it is made from."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.engine.metrics.derived import counted_parts
from rapport.engine.metrics.pages import ROOMS
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.computing import computed
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.models import Tile
from rapport.workspace.metrics.rows import exported, row_page
from rapport.workspace.pages.dashboards.asking import asking
from rapport.workspace.pages.dashboards.cells import cell, heading, is_number
from rapport.workspace.pages.dashboards.tiles import show
from rapport.workspace.pages.scores.links import record_url
from rapport.workspace.team.access import Action, needs
from rapport.workspace.team.models import User

_KINDS = {"contacts": "contact", "accounts": "account", "deals": "deal"}


def catalogue(request: HttpRequest) -> HttpResponse:
    """Every metric by room."""
    rooms = [(title, [s for s in METRICS.values() if s.room == room]) for room, title in ROOMS.items()]
    return render(request, "dashboards/metrics.html", {"rooms": rooms})


def metric(request: HttpRequest, metric_id: str) -> HttpResponse:
    """The definition; the figures are fetched once the page is shown."""
    spec = _spec(metric_id)
    by = request.GET.get("by", "")
    context = {
        "spec": spec,
        "ask": asking(request, now=timezone.now()),
        "by": by if by in spec.dimensions else "",
        "variants": [METRICS[v] for v in spec.variants if v in METRICS],
    }
    return render(request, "dashboards/metric.html", context)


def figures(request: HttpRequest, metric_id: str) -> HttpResponse:
    """A part of a page: the value, 24 months of it, and its parts by a dimension."""
    spec, now = _spec(metric_id), timezone.now()
    ask = asking(request, now=now)
    by = request.GET.get("by", "")
    tiles = [Tile(metric=spec.id, display="line")]
    if by in spec.dimensions:
        tiles.append(Tile(metric=spec.id, display="bars", by=by))
    try:
        with open_snapshot(tables=measured_tables()) as (snapshot, runner):
            found = computed([tiles], ask.asked.question(now), snapshot, runner=runner)[0]
    except RapportError as error:
        return render(request, "dashboards/metric_figures.html", {"problem": error.sentence})
    shown = [show(figure, ask.asked) for figure in found.tiles]
    context = {
        "spec": spec,
        "ask": ask,
        "figures": found,
        "main": shown[0],
        "parts": shown[1] if by in spec.dimensions else None,
        "by": by,
    }
    return render(request, "dashboards/metric_figures.html", context)


def rows(request: HttpRequest, metric_id: str) -> HttpResponse:
    """The rows of the value over the period that the reader may see, a page at a time."""
    spec, now = _spec(metric_id), timezone.now()
    ask = asking(request, now=now)
    page = int(request.GET["page"]) if request.GET.get("page", "").isdigit() and int(request.GET["page"]) else 1
    parts, part = _parts(request, spec, ask.picked.period)
    context: dict[str, Any] = {"spec": spec, "ask": ask, "page": page, "parts": parts, "part": part}
    try:
        found = row_page(
            spec.id,
            period=ask.picked.period,
            filters=ask.asked.filters,
            user=cast(User, request.user),
            now=now,
            page=page,
            part=part,
        )
    except RapportError as error:
        return render(request, "dashboards/rows.html", {**context, "problem": error.sentence})
    kind = _KINDS.get(found.table, "")
    context["headers"] = [(heading(c), any(is_number(row[c]) for row in found.rows)) for c in found.columns]
    context["lines"] = [
        ([(cell(row[c]), is_number(row[c])) for c in found.columns], record_url(kind, row["id"]) if kind else "")
        for row in found.rows
    ]
    return render(request, "dashboards/rows.html", {**context, "found": found})


@needs(Action.EXPORT)
def export(request: HttpRequest, metric_id: str) -> HttpResponse | StreamingHttpResponse:
    """The rows as CSV."""
    spec, now = _spec(metric_id), timezone.now()
    ask = asking(request, now=now)
    _, part = _parts(request, spec, ask.picked.period)
    user = cast(User, request.user)
    try:
        found = list(
            exported(spec.id, period=ask.picked.period, filters=ask.asked.filters, user=user, now=now, part=part)
        )
    except RapportError as error:
        return HttpResponse(error.sentence, status=409, content_type="text/plain; charset=utf-8")
    answer = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{spec.id}-{ask.first}-{ask.last}.csv"'
    return answer


class _Echo:
    """What a CSV writer needs of a file: it gives back what it is told to write."""

    def write(self, text: str) -> str:
        return text


def _lines(rows: list[Any]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([_safe(value) for value in row])


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _parts(request: HttpRequest, spec: Metric, period: Period) -> tuple[list[tuple[str, str]], str]:
    """Of a metric made of others: (name, what it counts) of each part, and the one asked for."""
    counted = counted_parts(spec, period)
    labels = [
        (name, part.name if whose == period else f"{part.name}, {whose.label}")
        for name, (part, whose) in counted.items()
    ]
    part = request.GET.get("part", "")
    return labels, part if part in counted else labels[0][0]


def _spec(metric_id: str) -> Metric:
    if metric_id not in METRICS:
        raise Http404("There is no such metric.")
    return METRICS[metric_id]
