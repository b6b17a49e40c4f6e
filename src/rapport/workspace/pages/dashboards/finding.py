"""The dashboard that an address names, for the reader who asks; the metrics that typed words name."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from rapport.engine.metrics.pages import ROOMS
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric
from rapport.workspace.metrics.boards.access import may_edit, seen_by
from rapport.workspace.metrics.models import Dashboard
from rapport.workspace.metrics.ready_made import ensure_ready_made
from rapport.workspace.pages.lists.pages import reader


def seen(request: HttpRequest) -> list[Dashboard]:
    """Those of the tabs: ready-made ones are made where there are none."""
    found = list(seen_by(reader(request)))
    if not any(d.owner_id is None for d in found):
        ensure_ready_made()
        found = list(seen_by(reader(request)))
    return found


def dashboard_of(request: HttpRequest, slug: str) -> Dashboard:
    """One that the reader may see; any other is not found."""
    found = seen_by(reader(request)).filter(slug=slug).first()
    if found is None and any(d.slug == slug for d in seen(request)):
        found = seen_by(reader(request)).get(slug=slug)
    if found is None:
        raise Http404("There is no such dashboard.")
    return found


def editable(request: HttpRequest, slug: str) -> Dashboard:
    """One that the reader may change; 403 for one that they only see."""
    found = dashboard_of(request, slug)
    if not may_edit(reader(request), found):
        raise PermissionDenied("Only its owner changes a dashboard. Make a copy of your own.")
    return found


def found_metrics(request: HttpRequest) -> dict[str, Any]:
    """By room: every word typed is in the metric's name, sentence or id."""
    typed = request.GET.get("q", "").strip()
    words, room = typed.lower().split(), request.GET.get("room", "")
    found = [m for m in METRICS.values() if (not room or m.room == room) and all(w in _text(m) for w in words)]
    rooms = [(title, its) for key, title in ROOMS.items() if (its := [m for m in found if m.room == key])]
    return {"typed": typed, "room": room, "rooms": rooms, "count": len(found), "all_rooms": ROOMS.items()}


def _text(metric: Metric) -> str:
    return f"{metric.name} {metric.sentence} {metric.id.replace('_', ' ')}".lower()
