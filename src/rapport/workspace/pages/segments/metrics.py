"""A metric by segment: the segments side by side, and everybody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.engine.metrics.pages import ROOMS
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.relation import SEGMENT
from rapport.engine.metrics.spec import Metric
from rapport.workspace.metrics.figures import number
from rapport.workspace.metrics.segments.definitions import segments
from rapport.workspace.metrics.segments.findings import by_segment, year_until
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.pages.dashboards.units import in_full
from rapport.workspace.pages.segments.pictures import metric_chart

_DEFAULT = "revenue"


def page(request: HttpRequest) -> HttpResponse:
    """The metric asked for, of the year up to today; the figures are fetched once the page is shown."""
    able = {name: spec for name, spec in METRICS.items() if SEGMENT in spec.dimensions}
    asked = request.GET.get("metric", "")
    spec = able.get(asked) or able[_DEFAULT]
    if request.GET.get("part") == "figures":
        return _figures(request, spec, timezone.now())
    rooms = [(title, [s for s in able.values() if s.room == room]) for room, title in ROOMS.items()]
    return render(request, "segments/metrics.html", {"rooms": [r for r in rooms if r[1]], "spec": spec})


def _figures(request: HttpRequest, spec: Metric, now: datetime) -> HttpResponse:
    shown = [s for s in segments() if s.built_at is not None]
    period = year_until(now)
    try:
        found = by_segment(spec.id, [s.name for s in shown], period=period, now=now)
    except RapportError as error:
        return render(request, "segments/metric_figures.html", {"problem": error.sentence})
    everybody = found[None]
    rows = [_row(s, spec, found.get(s.name)) for s in shown]
    rows.sort(key=lambda row: (row["value"] is None, -(row["value"] or 0), row["segment"].title))
    context = {
        "spec": spec,
        "period": period,
        "rows": rows,
        "everybody": in_full(spec, number(everybody)),
        "reason": everybody.reason,
        "chart": metric_chart([(r["segment"].title, r["value"]) for r in rows], number(everybody), spec.name),
    }
    return render(request, "segments/metric_figures.html", context)


def _row(segment: Segment, spec: Metric, value: Any) -> dict[str, Any]:
    """No row counted is no value: a segment has none before it was first built."""
    known = number(value)
    return {"segment": segment, "value": known, "text": in_full(spec, known), "n": value.n if value else None}
