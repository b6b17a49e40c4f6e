"""Deciding about versions, and the background work that goes before it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from rapport.engine.errors import RapportError
from rapport.workspace.queue import Job, JobState, enqueue
from rapport.workspace.scores import releases
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.team.access import Action, needs


@require_POST
@needs(Action.EDIT_SCORES)
def run(request: HttpRequest, name: str) -> HttpResponse:
    """Score everyone now, in the background."""
    found = enqueue("run_score", by=request.user, once=True, score=name)
    return following(request, found, back=reverse("scores:score", args=[name]))


@require_POST
@needs(Action.EDIT_SCORES)
def backtest(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """Prove a version, in the background."""
    stored = get_object_or_404(ScoreDefinition, name=name, version=version)
    found = enqueue("backtest", by=request.user, once=True, score=name, version=stored.version)
    return following(request, found, back=reverse("scores:version", args=[name, version]))


def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """A part of a page: how far a job is; when it is done, the page around it is loaded anew."""
    found = get_object_or_404(Job, pk=job_id)
    answer = render(request, "scores/job.html", {"job": found})
    if found.state == JobState.DONE:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@needs(Action.PUBLISH_SCORES)
def publish(request: HttpRequest, name: str, version: int) -> HttpResponse:
    draft = get_object_or_404(ScoreDefinition, name=name, version=version)

    def decide() -> str:
        reason, override = request.POST.get("reason", ""), request.POST.get("override", "")
        releases.publish(draft, by=str(request.user), reason=reason, override=override)
        enqueue("run_score", by=request.user, once=True, score=name)
        return f"Version {version} of {name} is live; everyone is being scored."

    return _decided(request, decide, back=reverse("scores:version", args=[name, version]))


@require_POST
@needs(Action.PUBLISH_SCORES)
def rollback(request: HttpRequest, name: str, version: int) -> HttpResponse:
    def decide() -> str:
        reason, override = request.POST.get("reason", ""), request.POST.get("override", "")
        releases.rollback(name, version=version, by=str(request.user), reason=reason, override=override)
        enqueue("run_score", by=request.user, once=True, score=name)
        return f"Version {version} of {name} is live again; everyone is being scored."

    return _decided(request, decide, back=reverse("scores:score", args=[name]))


@require_POST
@needs(Action.PUBLISH_SCORES)
def retire(request: HttpRequest, name: str) -> HttpResponse:
    def decide() -> str:
        releases.retire(name, by=str(request.user), reason=request.POST.get("reason", ""))
        return f"{name} is out of service; its history stays."

    return _decided(request, decide, back=reverse("scores:score", args=[name]))


def _decided(request: HttpRequest, decide: Callable[[], str], *, back: str) -> HttpResponse:
    try:
        messages.success(request, decide())
    except RapportError as error:
        messages.error(request, error.sentence)
    return redirect(back)


def following(request: HttpRequest, found: Job, *, back: str) -> HttpResponse:
    """The job's progress, as a part for htmx or by going back to the page that shows it."""
    if getattr(request, "htmx", False):
        return render(request, "scores/job.html", {"job": found})
    return redirect(back)
