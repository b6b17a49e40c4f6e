"""Suggested points beside the present ones; accepting all, some or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from rapport.engine.errors import DefinitionError, RapportError
from rapport.workspace.pages.scores.release import following
from rapport.workspace.queue import enqueue
from rapport.workspace.scores import suggestions as use_case
from rapport.workspace.scores.definitions import readable
from rapport.workspace.scores.feedback import report as feedback_report
from rapport.workspace.scores.findings import running
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.team.access import Action, can, needs

_SOURCES = ("tally", "learned")


@require_GET
def suggestions(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """What is suggested for a version: from the tally by stage, and learned from history."""
    shown = get_object_or_404(ScoreDefinition, name=name, version=version)
    context = {
        "name": name,
        "version": shown,
        "definition": readable(shown),
        "found": use_case.newest_suggestions(shown),
        "job": running(use_case.TASK, shown),
        "agreement": feedback_report(name, count=0).all,
        "tab": "suggestions",
        "may_edit": can(request.user, Action.EDIT_SCORES),
    }
    return render(request, "scores/suggestions.html", context)


@require_POST
@needs(Action.EDIT_SCORES)
def run(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """Look for suggestions, in the background."""
    stored = get_object_or_404(ScoreDefinition, name=name, version=version)
    job = enqueue(use_case.TASK, by=request.user, once=True, score=name, version=stored.version)
    return following(request, job, back=reverse("scores:suggestions", args=[name, version]))


@require_POST
@needs(Action.EDIT_SCORES)
def accept(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """A new draft with the suggestions that were chosen, as written beside them."""
    stored = get_object_or_404(ScoreDefinition, name=name, version=version)
    try:
        draft = use_case.accept(stored, _chosen(request, stored), by=str(request.user))
    except RapportError as error:
        messages.error(request, error.sentence)
        return redirect("scores:suggestions", name, version)
    messages.success(request, f"Version {draft.version} is a draft with these points. Backtest it before it goes live.")
    return redirect("scores:version", draft.name, draft.version)


def _chosen(request: HttpRequest, stored: ScoreDefinition) -> dict[use_case.Where, Decimal]:
    """What was ticked: `take` holds positions in the list that was shown, `points-<position>` the points."""
    found = use_case.newest_suggestions(stored)
    rows = _rows(found.result if found else {}, request.POST.get("source", ""))
    chosen: dict[use_case.Where, Decimal] = {}
    for taken in request.POST.getlist("take"):
        if not taken.isdigit() or int(taken) >= len(rows):
            raise DefinitionError("The suggestions have changed meanwhile.", next_step="Look at them once more.")
        row = rows[int(taken)]
        written = request.POST.get(f"points-{taken}") or str(row["suggested"])
        chosen[row["criterion"], row.get("part")] = use_case.number_of(written)
    return chosen


def _rows(result: Mapping[str, Any], source: str) -> Sequence[Mapping[str, Any]]:
    if source not in _SOURCES:
        raise DefinitionError("There are no such suggestions.", received=source, allowed=_SOURCES)
    rows: Sequence[Mapping[str, Any]]
    rows = result.get("criteria", ()) if source == "tally" else (result.get("learned") or {}).get("suggestions", ())
    return rows
