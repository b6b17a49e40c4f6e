"""A score of one record over time: each change, what caused it, and which reasons moved."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from rapport.engine.errors import RapportError
from rapport.workspace.pages.scores.scored_record import any_score_of
from rapport.workspace.scores.explanations import explain_change
from rapport.workspace.scores.history import entries
from rapport.workspace.scores.models import ScoreValue

_PAGE = 20


def history(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """A part of a page: the changes of a score of a record, newest first; `until` leads on."""
    any_score_of(request, name, record_id)
    found = entries(record_id, score=name, count=_PAGE + 1, until=request.GET.get("until", ""))
    context = {
        "name": name,
        "record_id": record_id,
        "entries": found[:_PAGE],
        "next": found[_PAGE].stored.pk if len(found) > _PAGE else None,
        "first_page": "until" not in request.GET,
    }
    return render(request, "scores/history.html", context)


def change(request: HttpRequest, name: str, record_id: str, entry_id: str) -> HttpResponse:
    """A part of a page: which reasons moved a score from the entry before to this one."""
    any_score_of(request, name, record_id)
    get_object_or_404(ScoreValue, pk=entry_id, score=name, subject_id=record_id)
    entry = entries(record_id, score=name, count=1, until=entry_id)[0]
    try:
        moved, problem = explain_change(entry.stored, entry.before), ""
    except RapportError as error:
        moved, problem = (), error.sentence
    return render(request, "scores/change.html", {"entry": entry, "moved": moved, "problem": problem})
