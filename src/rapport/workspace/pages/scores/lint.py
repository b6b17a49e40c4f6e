"""Lint of a version: what it found, and what to do about it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from rapport.workspace.pages.scores.release import following
from rapport.workspace.queue import enqueue
from rapport.workspace.scores.definitions import readable
from rapport.workspace.scores.findings import running
from rapport.workspace.scores.lint import TASK, newest_lint
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.team.access import Action, can, needs


@require_GET
def lint(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """The newest findings about a version."""
    shown = get_object_or_404(ScoreDefinition, name=name, version=version)
    context = {
        "name": name,
        "version": shown,
        "definition": readable(shown),
        "found": newest_lint(shown),
        "job": running(TASK, shown),
        "tab": "lint",
        "may_edit": can(request.user, Action.EDIT_SCORES),
    }
    return render(request, "scores/lint.html", context)


@require_POST
@needs(Action.EDIT_SCORES)
def run(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """Lint a version, in the background."""
    stored = get_object_or_404(ScoreDefinition, name=name, version=version)
    job = enqueue(TASK, by=request.user, once=True, score=name, version=stored.version)
    return following(request, job, back=reverse("scores:lint", args=[name, version]))
