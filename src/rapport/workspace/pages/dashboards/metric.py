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
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.boards.access import may_edit, seen_by
from rapport.workspace.metrics.computing import computed
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.models import Tile
from rapport.workspace.metrics.rows import exported, row_page
from rapport.workspace.pages.dashboards.asking import asking
from rapport.workspace.pages.dashboards.cells import cell, heading, is_number, places_of
from rapport.workspace.pages.dashboards.definition import words_of
from rapport.workspace.pages.dashboards.finding import found_metrics
from rapport.workspace.pages.dashboards.tiles import show
from rapport.workspace.pages.scores.links import record_url
from rapport.workspace.team.access import Action, can, needs
from rapport.workspace.team.models import User

_KINDS = {"contacts": "contact", "accounts": "account", "deals": "deal"}


def catalogue(request: HttpRequest) -> HttpResponse:
    """Every metric by room, or those that the typed words name; a search asks for the list alone."""
    context = found_metrics(request)
    is_part = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    return render(request, "dashboards/metrics_list.html" if is_part else "dashboards/metrics.html", context)


def metric(request: HttpRequest, metric_id: str) -> HttpResponse:
    """The definition; the figures are fetched once the page is shown."""
    spec = _spec(metric_id)
    by = request.GET.get("by", "")
    context = {
        "spec": spec,
        "ask": asking(request, now=timezone.now()),
        "by": by if by in spec.dimensions else "",
        "may_set_goal": can(request.user, Action.EDIT_GOALS),
        "own_boards": [d for d in seen_by(cast(User, request.user)) if may_edit(cast(User, request.user), d)],
        "words": words_of(spec),
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
    context["may_export"] = can(request.user, Action.EXPORT)
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
    numbers = [c for c in found.columns if any(is_number(row[c]) for row in found.rows)]
    places = {c: places_of(row[c] for row in found.rows) for c in numbers}
    context["headers"] = [(heading(c), c in places) for c in found.columns]
    context["lines"] = [
        [(cell(row[c], places=places.get(c)), c in places, _url(c, ids[c], found.table)) for c in found.columns]
        for row, ids in zip(found.rows, found.ids, strict=True)
    ]
    return render(request, "dashboards/rows.html", {**context, "found": found})


def _url(column: str, value: Any, table: str) -> str:
    """Where a cell leads: the row's own record, and the contacts, accounts and deals that it names."""
    kind = _KINDS.get(table, "") if column == "id" else column.removesuffix("_id")
    return record_url(kind, str(value)) if value and kind in _KINDS.values() else ""


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
