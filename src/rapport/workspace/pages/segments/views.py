"""Segments: all of them, and one: members, size over time, what distinguishes it, its metrics, who uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from rapport.engine.errors import RapportError
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.lib.csv_export import csv_lines
from rapport.workspace.metrics.segments import definitions
from rapport.workspace.metrics.segments import findings as finding
from rapport.workspace.metrics.segments.definitions import Use, definition_of
from rapport.workspace.metrics.segments.models import Segment, SegmentBuild
from rapport.workspace.metrics.segments.ready_made import ready_made
from rapport.workspace.pages.dashboards.units import in_full
from rapport.workspace.pages.scores.release import following
from rapport.workspace.pages.segments import people
from rapport.workspace.pages.segments.pictures import size_chart
from rapport.workspace.queue import enqueue
from rapport.workspace.team.access import Action, can, needs
from rapport.workspace.team.models import User

_BUILDS, _TREND, _AT_ONCE = 400, 13, 500


def index(request: HttpRequest) -> HttpResponse:
    """Every segment with its size, trend and value; on an empty page those to begin with."""
    shown = definitions.segments()
    context = {
        "rows": [(segment, _trend(segment), _failed(segment)) for segment in shown],
        "offered": ready_made(),
        "may_edit": can(request.user, Action.EDIT_SEGMENTS),
    }
    return render(request, "segments/index.html", context)


def segment(request: HttpRequest, name: str) -> HttpResponse:
    shown = standing(name)
    builds = list(shown.builds.all()[:_BUILDS])
    known = [b for b in reversed(builds) if b.size is not None]
    definition = definition_of(shown)
    context = {
        "segment": shown,
        "rules": definition.words if definition else "",
        "unreadable": definition is None and shown.grouping_id is None,
        "builds": [b for b in builds if b.size is not None][:12],
        "failed": _failed(shown),
        "chart": size_chart(known) if len(known) > 1 else None,
        "uses": [(use, _use_url(use)) for use in definitions.uses(shown)],
        "changes": people.changes(shown, _user(request)),
        "may_edit": can(request.user, Action.EDIT_SEGMENTS),
        "may_export": can(request.user, Action.EXPORT),
        **_member_context(request, shown),
    }
    return render(request, "segments/segment.html", context)


def members(request: HttpRequest, name: str) -> HttpResponse:
    """A part of a page: more members."""
    shown = standing(name)
    return render(request, "segments/members.html", {"segment": shown, **_member_context(request, shown)})


@needs(Action.EXPORT)
def export(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """The members that the reader may see, as CSV."""
    shown, user = standing(name), _user(request)
    answer = StreamingHttpResponse(_lines(shown, user), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{shown.name}-{timezone.now():%Y-%m-%d}.csv"'
    return answer


def findings(request: HttpRequest, name: str) -> HttpResponse:
    """A part of a page: what distinguishes it and its metrics; found anew after each build."""
    shown = standing(name)
    try:
        kept = shown.findings if finding.are_current(shown) else finding.find(shown, now=timezone.now())
    except RapportError as error:
        return render(request, "segments/findings.html", {"problem": error.sentence})
    found = kept or {}
    return render(
        request,
        "segments/findings.html",
        {"segment": shown, "found": found, "metrics": [_beside(row) for row in found.get("metrics", ())]},
    )


@require_POST
@needs(Action.EDIT_SEGMENTS)
def build_one(request: HttpRequest, name: str) -> HttpResponse:
    """Build it now, in the background."""
    shown = standing(name)
    job = enqueue("build_segment", by=request.user, once=True, segment=shown.pk)
    return following(request, job, back=reverse("segments:segment", args=[name]))


@require_POST
@needs(Action.EDIT_SEGMENTS)
def build_every(request: HttpRequest) -> HttpResponse:
    job = enqueue("build_segments", by=request.user, once=True)
    return following(request, job, back=reverse("segments:index"))


@require_POST
@needs(Action.EDIT_SEGMENTS)
def delete(request: HttpRequest, name: str) -> HttpResponse:
    shown = standing(name)
    try:
        definitions.delete(shown, at=timezone.now())
    except RapportError as error:
        messages.error(request, error.sentence)
        return redirect("segments:segment", name)
    messages.success(request, f"“{shown.title}” is deleted; who was in it stays known.")
    return redirect("segments:index")


async def _lines(shown: Segment, user: User) -> AsyncIterator[bytes]:
    """A line at a time, read in a thread beside the server's own."""
    columns = people.columns_of(shown.subject)

    def rows() -> Iterator[Sequence[object]]:
        for one in people.every_member(shown, user):
            since = one.since.isoformat(timespec="seconds") if one.since else ""
            yield [one.record.pk, one.name, since, *(getattr(one.record, column) for column in columns)]

    lines = csv_lines(["id", "name", "member since", *columns], rows())
    while chunk := await sync_to_async(_chunk)(lines):
        yield chunk


def _chunk(lines: Iterator[str]) -> bytes:
    return "".join(islice(lines, _AT_ONCE)).encode()


def standing(name: str) -> Segment:
    return get_object_or_404(Segment.objects.select_related("grouping"), name=name, deleted_at__isnull=True)


def _member_context(request: HttpRequest, shown: Segment) -> dict[str, Any]:
    page = people.member_page(shown, _user(request), after=request.GET.get("after", "")[:100])
    return {"page": page}


def _trend(shown: Segment) -> list[float | None]:
    """Sizes of the newest builds, oldest first."""
    sizes = list(shown.builds.filter(size__isnull=False).values_list("size", flat=True)[:_TREND])
    return [None if s is None else float(s) for s in reversed(sizes)]


def _failed(shown: Segment) -> SegmentBuild | None:
    newest = shown.builds.first()
    return newest if newest is not None and newest.error else None


def _beside(row: dict[str, Any]) -> dict[str, Any]:
    spec = METRICS.get(row["metric"])
    if spec is None:
        return {**row, "name": row["metric"], "ours": "unknown", "all": "unknown"}
    value, everybody = row["value"], row["everybody"]
    return {
        **row,
        "name": spec.name,
        "ours": in_full(spec, value),
        "all": in_full(spec, everybody),
        "url": reverse("dashboards:metric", args=[spec.id]),
    }


def _use_url(use: Use) -> str:
    try:
        if use.kind == "score":
            return reverse("scores:score", args=[use.name])
        if use.kind == "segment":
            return reverse("segments:segment", args=[use.name])
        if use.kind in ("link", "mail"):
            return reverse(f"dashboards:{'links' if use.kind == 'link' else 'mail'}", args=[use.name])
        return reverse("goals:goal", args=[use.name])
    except NoReverseMatch:
        return ""


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
