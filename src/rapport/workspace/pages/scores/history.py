"""A score of one record over time: each change, what caused it, and which reasons moved."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from rapport.engine.errors import RapportError
from rapport.workspace.scores.explanations import explain_change
from rapport.workspace.scores.history import entries
from rapport.workspace.scores.models import ScoreDefinition, ScoreValue
from rapport.workspace.scores.subjects import records
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User

_PAGE = 20


def history(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """A part of a page: the changes of a score of a record, newest first; `until` leads on."""
    _check(request, name, record_id)
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
    _check(request, name, record_id)
    get_object_or_404(ScoreValue, pk=entry_id, score=name, subject_id=record_id)
    entry = entries(record_id, score=name, count=1, until=entry_id)[0]
    try:
        moved, problem = explain_change(entry.stored, entry.before), ""
    except RapportError as error:
        moved, problem = (), error.sentence
    return render(request, "scores/change.html", {"entry": entry, "moved": moved, "problem": problem})


def _check(request: HttpRequest, name: str, record_id: str) -> None:
    """That there is such a score and that the reader may see the record."""
    version = ScoreDefinition.objects.filter(name=name).first()
    if version is None:
        raise Http404("There is no such score.")
    get_object_or_404(visible(records(version.subject), cast(User, request.user)), pk=record_id)
