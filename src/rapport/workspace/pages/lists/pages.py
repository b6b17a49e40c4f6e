"""The views of a list: the page, more rows, the count, the filter form, the export, saved views, giving to an owner."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rapport.workspace.crm.records.changes import write
from rapport.workspace.pages.lists import cells
from rapport.workspace.pages.lists.asked import Asked, operators_of, read_address
from rapport.workspace.pages.lists.columns import Column, Kind, ListSpec
from rapport.workspace.pages.lists.conditions import TRENDS, WITHOUT_VALUE
from rapport.workspace.pages.lists.counting import count
from rapport.workspace.pages.lists.describing import chips, options
from rapport.workspace.pages.lists.rows import Page, chunks, first_page, selection
from rapport.workspace.scores.subjects import name_of
from rapport.workspace.team.access import Action, can, needs, visible
from rapport.workspace.team.models import SavedView, User
from rapport.workspace.team.people import assignable


def list_urls(spec: ListSpec) -> list[URLPattern]:
    """The addresses of a list, under its page's name: list, count, filter, export, save_view, delete_view, assign."""
    views = ListViews(spec)
    return [
        path("", views.show, name="list"),
        path("count/", views.count, name="count"),
        path("filter/", views.filter_form, name="filter"),
        path("export/", views.export, name="export"),
        path("views/", views.save_view, name="save_view"),
        path("views/<str:view_id>/delete/", views.delete_view, name="delete_view"),
        path("assign/", views.assign, name="assign"),
    ]


class ListViews:
    """One list's views. Each reads the list from its address, so that any list can be sent to a colleague."""

    def __init__(self, spec: ListSpec) -> None:
        self.spec = spec
        self.count = require_GET(self._count)
        self.show = require_GET(self._show)
        self.filter_form = require_GET(self._filter_form)
        self.export = require_GET(needs(Action.EXPORT)(self._export))
        self.save_view = require_POST(self._save_view)
        self.delete_view = require_POST(self._delete_view)
        self.assign = require_POST(needs(Action.ASSIGN)(self._assign))

    def url(self, name: str) -> str:
        return reverse(f"{self.spec.page}:{name}")

    def _show(self, request: HttpRequest) -> HttpResponse:
        asked = read_address(self.spec, request.GET)
        if request.GET.get("column") and not asked.complaints:
            return redirect(f"{self.url('list')}?{asked.query()}")
        user = reader(request)
        found = first_page(asked, user)
        shown = [column for column in asked.shown if asked.chosen or asked.after or _filled(column, found)]
        context = {
            "spec": self.spec,
            "asked": asked,
            "shown": shown,
            "lines": self._lines(shown, found),
            "page": found,
            "ticks": can(user, Action.ASSIGN),
            "more": f"?{_shown_only(asked, shown).query(cursor=found.next, cols=True)}" if found.next else "",
        }
        if request.headers.get("HX-Target") == "more":
            return render(request, "lists/_rows.html", context)
        return render(request, self.spec.template, {**context, **self._around(asked, user, shown)})

    def _around(self, asked: Asked, user: User, shown: list[Column]) -> dict[str, Any]:
        """What stands around the rows: headings, filters, views, columns to choose."""
        saved = SavedView.objects.filter(page=self.spec.page).select_related("owner")
        views = [view for view in saved if view.shared or view.owner_id == user.pk]
        return {
            "headings": [
                (column, asked.sorted_by(column).query() if column.sortable else "", column.name == asked.sort.name)
                for column in shown
            ],
            "chips": chips(asked),
            "views": views,
            "view": next((view for view in views if view.pk == asked.view), None),
            "query": asked.query(),
            "everything": not asked.filters and not asked.typed,
            "may_share": can(user, Action.SHARE_VIEWS),
            "may_export": can(user, Action.EXPORT),
            "owners": assignable(user) if can(user, Action.ASSIGN) else [],
            "filterable": sorted(asked.columns.values(), key=lambda column: column.label),
            "list_url": self.url("list"),
        }

    def _lines(self, shown: list[Column], found: Page) -> list[dict[str, Any]]:
        return [
            {
                "id": row.pk,
                "name": name_of(row),
                "cells": [
                    (column, cells.cell(self.spec, column, row, found.scores.get(row.pk, {}))) for column in shown
                ],
            }
            for row in found.rows
        ]

    def _count(self, request: HttpRequest) -> HttpResponse:
        asked = read_address(self.spec, request.GET)
        user = reader(request)
        chosen = selection(asked, user, walking=False)
        everything = not asked.filters and not asked.typed and user.role == "admin"
        context = {"count": count(chosen.rows, everything=everything), "cut": chosen.cut, "spec": self.spec}
        return render(request, "lists/_count.html", context)

    def _filter_form(self, request: HttpRequest) -> HttpResponse:
        """The operators and the value's field for the column chosen in the filter form."""
        asked = read_address(self.spec, request.GET)
        column = asked.columns.get(request.GET.get("column", ""))
        if column is None:
            return HttpResponse("")
        operator = request.GET.get("operator", "")
        operators = operators_of(column)
        operator = operator if operator in operators else next(iter(operators))
        context = {
            "column": column,
            "operators": operators,
            "operator": operator,
            "without_value": operator in WITHOUT_VALUE,
            "options": [(trend, trend) for trend in TRENDS]
            if operator == "trend"
            else options(column, operator, self.spec, reader(request)),
            "is_day": column.kind in (Kind.DATE, Kind.INSTANT) and operator in ("since", "before"),
        }
        return render(request, "lists/_filter_value.html", context)

    def _export(self, request: HttpRequest) -> StreamingHttpResponse:
        asked = read_address(self.spec, request.GET)
        name = f"{self.spec.page}-{timezone.localdate().isoformat()}.csv"
        return StreamingHttpResponse(
            _csv(asked, reader(request)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _save_view(self, request: HttpRequest) -> HttpResponse:
        user = reader(request)
        name = request.POST.get("name", "").strip()[:100]
        query = request.POST.get("query", "")[:5000]
        if not name:
            messages.error(request, "Give the view a name.")
            return redirect(f"{self.url('list')}?{query}")
        shared = bool(request.POST.get("shared")) and can(user, Action.SHARE_VIEWS)
        view, _created = SavedView.objects.update_or_create(
            page=self.spec.page, name=name, owner=user, defaults={"query": query, "shared": shared}
        )
        messages.success(request, f"Saved as “{name}”.")
        return redirect(f"{self.url('list')}?{query}&view={view.pk}")

    def _delete_view(self, request: HttpRequest, view_id: str) -> HttpResponse:
        view = get_object_or_404(SavedView, pk=view_id, page=self.spec.page, owner=reader(request))
        view.delete()
        messages.success(request, f"Removed the view “{view.name}”.")
        return redirect(self.url("list"))

    def _assign(self, request: HttpRequest) -> HttpResponse:
        """Give the ticked rows to someone."""
        user = reader(request)
        owner = next((person for person in assignable(user) if person.pk == request.POST.get("owner")), None)
        ids = request.POST.getlist("row")[:1000]
        back = f"{self.url('list')}?{request.POST.get('query', '')}"
        if owner is None or not ids:
            messages.error(request, "Tick some rows and choose who gets them.")
            return redirect(back)
        allowed = visible(self.spec.model._default_manager.filter(pk__in=ids), user).values_list("pk", flat=True)
        drafts = [{"id": row_id, "owner_id": owner.pk} for row_id in allowed]
        written = write(self.spec.model._meta.db_table, drafts, source="", by=user.pk, at=timezone.now())
        messages.success(request, f"{written.updated} given to {owner}.")
        return redirect(back)


def reader(request: HttpRequest) -> User:
    """The signed-in user. Raises PermissionDenied for anyone else."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def _filled(column: Column, found: Page) -> bool:
    """Whether a page shows anything in a column: one that nobody fills takes no room until it is asked for."""
    if column.kind is Kind.SCORE or not found.rows:
        return True
    if column.kind is Kind.NAME:
        return True
    name = f"{column.field}_id" if column.kind in (Kind.PERSON, Kind.RECORD) else column.field
    return any(getattr(row, name) not in (None, "") for row in found.rows)


def _shown_only(asked: Asked, shown: list[Column]) -> Asked:
    return replace(asked, shown=tuple(shown))


async def _csv(asked: Asked, user: User) -> AsyncIterator[bytes]:
    """UTF-8 with a byte-order mark, as spreadsheets want it; a thousand rows at a time."""
    yield b"\xef\xbb\xbf" + _line([column.label for column in asked.shown])
    pages = chunks(asked, user)
    while (found := await sync_to_async(_following)(pages)) is not None:
        yield b"".join(
            _line([cells.text(column, row, found.scores.get(row.pk, {})) for column in asked.shown])
            for row in found.rows
        )


def _following(pages: Iterator[Page]) -> Page | None:
    return next(pages, None)


def _line(values: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue().encode()
