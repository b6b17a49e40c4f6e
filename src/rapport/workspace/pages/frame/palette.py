"""The command palette (Ctrl+K): pages by name, and records by how their names begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from rapport.workspace.crm.records.models import Account, Contact
from rapport.workspace.crm.sales.models import Deal
from rapport.workspace.lib.prefix_search import matching
from rapport.workspace.pages.frame.navigation import entries
from rapport.workspace.scores.subjects import name_of
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User

_EACH = 6


@dataclass(frozen=True, kw_only=True)
class Found:
    """One line of the palette. kind: "Page", "Contact" ...; detail: what tells it from its namesakes."""

    label: str
    url: str
    icon: str
    kind: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Searched:
    """One kind of record: where its page is, what it is found by and what tells namesakes apart."""

    model: type[Model]
    kind: str
    icon: str
    page: str
    fields: Sequence[str]
    detail: str


_SEARCHED = (
    Searched(
        model=Contact,
        kind="Contact",
        icon="user",
        page="contacts:record",
        fields=("last_name", "first_name", "email"),
        detail="email",
    ),
    Searched(
        model=Account,
        kind="Account",
        icon="building",
        page="accounts:record",
        fields=("name", "domain"),
        detail="domain",
    ),
    Searched(model=Deal, kind="Deal", icon="briefcase", page="deals:record", fields=("name",), detail="stage"),
)


def palette(request: HttpRequest) -> HttpResponse:
    """The lines for what was typed."""
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    found = pages(typed)
    if typed and isinstance(request.user, User):
        for searched in _SEARCHED:
            found += records(searched, typed, request.user)
    return render(request, "components/palette_results.html", {"found": found, "typed": typed})


def pages(typed: str) -> list[Found]:
    """Sections whose name holds the typed text."""
    return [
        Found(label=entry.section.label, url=entry.url, icon=entry.section.icon, kind="Page")
        for entry in entries("")
        if typed.lower() in entry.section.label.lower()
    ]


def records(searched: Searched, typed: str, user: User) -> list[Found]:
    """The first few records of a kind that the user may see."""
    rows: Any = visible(searched.model._default_manager.all(), user)
    ids, _more = matching(rows, searched.fields, typed, limit=_EACH)
    by_id = searched.model._default_manager.in_bulk(ids[:_EACH])
    return [
        Found(
            label=name_of(by_id[row_id]),
            url=reverse(searched.page, args=[row_id]),
            icon=searched.icon,
            kind=searched.kind,
            detail=str(getattr(by_id[row_id], searched.detail) or ""),
        )
        for row_id in ids[:_EACH]
        if row_id in by_id
    ]
