"""The views of a record: the page, its timeline, one fact at a time."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from rapport.engine.errors import DataError
from rapport.workspace.crm.records.changes import save
from rapport.workspace.pages.lists.pages import reader
from rapport.workspace.pages.records import facts
from rapport.workspace.pages.records.related import boxes, figures
from rapport.workspace.pages.records.sources import sources
from rapport.workspace.pages.records.subjects import RecordKind
from rapport.workspace.pages.records.timeline import GROUPS, After, timeline
from rapport.workspace.scores.subjects import name_of
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User


def record_urls(kind: RecordKind) -> list[URLPattern]:
    """The addresses of one kind of record, under its page's name: record, timeline, fact."""
    views = RecordViews(kind)
    return [
        path("<str:record_id>/", views.show, name="record"),
        path("<str:record_id>/timeline/", views.timeline, name="timeline"),
        path("<str:record_id>/facts/<str:name>/", views.fact, name="fact"),
    ]


class RecordViews:
    """One kind of record's views. Every one asks `visible` for the record: who may not see it is told 404."""

    def __init__(self, kind: RecordKind) -> None:
        self.kind = kind
        self.show = require_GET(self._show)
        self.timeline = require_GET(self._timeline)
        self.fact = require_http_methods(["GET", "POST"])(self._fact)

    def _record(self, record_id: str, user: User) -> Any:
        rows = visible(self.kind.model._default_manager.select_related(*self.kind.related), user)
        return get_object_or_404(rows, pk=record_id)

    def _show(self, request: HttpRequest, record_id: str) -> HttpResponse:
        user = reader(request)
        record = self._record(record_id, user)
        groups = facts.groups(self.kind, record)
        context = {
            "kind": self.kind,
            "record": record,
            "name": name_of(record),
            "fact_groups": groups,
            "empty_groups": [title for title, shown in groups if all(fact.empty for fact in shown)],
            "figures": figures(record, user),
            "boxes": boxes(record, user),
            "timeline_groups": GROUPS,
            **self._entries(request, record),
        }
        return render(request, "records/record.html", context)

    def _timeline(self, request: HttpRequest, record_id: str) -> HttpResponse:
        record = self._record(record_id, reader(request))
        context = {"kind": self.kind, "record": record, **self._entries(request, record)}
        return render(request, "records/_timeline.html", context)

    def _entries(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        group = request.GET.get("group", "")
        found = timeline(
            sources(record),
            group=group if group in GROUPS else "",
            after=After.decode(request.GET.get("after", "")),
            now=timezone.now(),
        )
        ids = {entry.by for entry in found.entries if entry.by}
        names = {person.pk: str(person) for person in User.objects.filter(pk__in=ids)} if ids else {}
        return {
            "entries": [(entry, names.get(entry.by, entry.by)) for entry in found.entries],
            "next": found.next.encode() if found.next else "",
            "group": group,
        }

    def _fact(self, request: HttpRequest, record_id: str, name: str) -> HttpResponse:
        """GET: the fact, or with `?edit` its form. POST: change it."""
        user = reader(request)
        record = self._record(record_id, user)
        problem = ""
        try:
            field = facts.form_field(self.kind, record, name, user)
        except facts.FactError as wrong:
            return HttpResponse(str(wrong), status=400)
        if request.method == "POST":
            problem = self._save(record, name, request.POST.get("value", ""), user)
            if not problem:
                record = self._record(record_id, user)
        context = {"kind": self.kind, "record": record, "field": field, "problem": problem}
        if problem or (request.method == "GET" and "edit" in request.GET):
            typed = request.POST.get("value", field.value)
            return render(request, "records/_fact_form.html", {**context, "typed": typed})
        return render(
            request, "records/_fact.html", {**context, "fact": facts.fact(self.kind, record, name), "just_saved": True}
        )

    def _save(self, record: Any, name: str, text: str, user: User) -> str:
        """What was wrong, in words; nothing when it is saved."""
        try:
            value = facts.parse(self.kind, name, text, user)
            save(self.kind.page, record.pk, {name: value}, by=user.pk, at=timezone.now())
        except facts.FactError as wrong:
            return str(wrong)
        except DataError as wrong:
            return wrong.what
        return ""
