"""Setting a record's score by hand, and ending that."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date

from rapport.engine.errors import DefinitionError, RapportError
from rapport.workspace.pages.scores.scored_record import live_score_of
from rapport.workspace.scores.definitions import readable
from rapport.workspace.scores.models import ScoreOverride
from rapport.workspace.scores.overrides import end_override, overrides, set_override
from rapport.workspace.team.access import Action, needs

_HISTORY = 5


@needs(Action.EDIT_SCORES)
def override(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """A part of a page: what is set by hand, and the form; a POST sets or ends it."""
    version = live_score_of(request, name, record_id)
    problem = ""
    if request.method == "POST":
        try:
            _decide(request, name, record_id)
        except RapportError as error:
            problem = error.sentence
    context = {
        "name": name,
        "record_id": record_id,
        "standing": overrides(name, at=timezone.now(), subject_ids=[record_id]).get(record_id),
        "earlier": ScoreOverride.objects.filter(score=name, subject_id=record_id).order_by("-given_at")[:_HISTORY],
        "definition": readable(version),
        "problem": problem,
    }
    return render(request, "scores/override.html", context, status=422 if problem else 200)


def _decide(request: HttpRequest, name: str, record_id: str) -> None:
    by, at = str(request.user), timezone.now()
    if request.POST.get("do") == "end":
        end_override(name, record_id, by=by, at=at)
        return
    reason = request.POST.get("reason", "")
    set_override(name, record_id, value=_value(request), reason=reason, by=by, at=at, until=_until(request))


def _value(request: HttpRequest) -> Decimal:
    typed = request.POST.get("value", "").strip().replace(",", ".")
    try:
        value = Decimal(typed)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise DefinitionError("That is no number.", where="value", received=typed)
    return value


def _until(request: HttpRequest) -> datetime | None:
    """The end of a local day; None for no end."""
    typed = request.POST.get("until", "")
    try:
        day = parse_date(typed) if typed else None
    except ValueError:
        day = None
    if typed and day is None:
        raise DefinitionError("That is no day.", where="until", received=typed, allowed="2026-12-31")
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(settings.REPORTING_TIME_ZONE)) if day else None
