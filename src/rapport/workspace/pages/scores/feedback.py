"""Feedback of salespeople: given where a score is shown, counted where the score is looked after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rapport.engine.errors import RapportError
from rapport.workspace.pages.scores.links import record_url
from rapport.workspace.pages.scores.scored_record import live_score_of
from rapport.workspace.scores import feedback as use_case
from rapport.workspace.scores.definitions import live, readable
from rapport.workspace.scores.models import ScoreDefinition, ScoreFeedback
from rapport.workspace.scores.subjects import records, subjects
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import Role, User


@require_GET
def feedback(request: HttpRequest, name: str) -> HttpResponse:
    """Where people agree with a score, and what they said last of records that the reader may see."""
    shown = live(name) or ScoreDefinition.objects.filter(name=name).order_by("-version").first()
    if shown is None:
        raise Http404("There is no such score.")
    found = use_case.report(name, seen=_seen(request, shown))
    context = {
        "name": name,
        "version": shown,
        "definition": readable(shown),
        "report": found,
        "words": _named(shown.subject, found.rows),
        "tab": "feedback",
    }
    return render(request, "scores/feedback.html", context)


@require_GET
def criteria(request: HttpRequest, name: str) -> HttpResponse:
    """A part of a page: agreement by criterion."""
    if live(name) is None:
        return render(request, "scores/feedback_criteria.html", {"problem": "It is not live, so nobody is explained."})
    try:
        return render(request, "scores/feedback_criteria.html", {"rows": use_case.by_criterion(name)})
    except RapportError as error:
        return render(request, "scores/feedback_criteria.html", {"problem": error.sentence})


@require_GET
def word(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """A part of a page: what one said last of a record's score, and the buttons to say something else."""
    version = live_score_of(request, name, record_id)
    return _form(request, version, record_id)


@require_POST
def give(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """Keep a word on a record's score; whoever sees the record may give it."""
    version = live_score_of(request, name, record_id)
    verdict, reason = request.POST.get("verdict", ""), request.POST.get("reason", "")
    try:
        use_case.give(version, record_id, verdict=verdict, reason=reason, by=str(request.user), at=timezone.now())
    except RapportError as error:
        return _form(request, version, record_id, problem=error.sentence, status=422)
    return _form(request, version, record_id)


def _form(
    request: HttpRequest, version: ScoreDefinition, record_id: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    last = use_case.last_word(version.name or "", record_id, by=str(request.user))
    context = {"version": version, "record_id": record_id, "last": last, "problem": problem}
    return render(request, "scores/feedback_form.html", context, status=status)


def _seen(request: HttpRequest, shown: ScoreDefinition) -> list[str] | None:
    """Of the records with a word, those the reader may see; None for all."""
    user = cast(User, request.user)
    if user.role == Role.ADMIN:
        return None
    said = ScoreFeedback.objects.filter(score=shown.name).values("subject_id")
    return list(visible(records(shown.subject), user).filter(pk__in=said).values_list("pk", flat=True))


def _named(kind: str, rows: Sequence[ScoreFeedback]) -> list[tuple[ScoreFeedback, str, str]]:
    """Words with the record's name and address."""
    known = subjects(kind, [row.subject_id or "" for row in rows])
    return [
        (row, known[row.subject_id].name, record_url(kind, row.subject_id))
        for row in rows
        if row.subject_id is not None and row.subject_id in known
    ]
