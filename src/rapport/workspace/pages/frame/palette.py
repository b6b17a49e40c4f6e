"""The command palette (Ctrl+K): pages and actions by name; records are added by what knows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rapport.workspace.pages.frame.navigation import entries


@dataclass(frozen=True, kw_only=True)
class Found:
    """One line of the palette. kind: "Page", "Contact" ...; detail: what tells it from its namesakes."""

    label: str
    url: str
    icon: str
    kind: str
    detail: str = ""


def palette(request: HttpRequest) -> HttpResponse:
    """The lines for what was typed."""
    typed = request.GET.get("q", "").strip()
    return render(request, "components/palette_results.html", {"found": pages(typed), "typed": typed})


def pages(typed: str) -> list[Found]:
    """Sections whose name holds the typed text."""
    return [
        Found(label=entry.section.label, url=entry.url, icon=entry.section.icon, kind="Page")
        for entry in entries("")
        if typed.lower() in entry.section.label.lower()
    ]
