"""The buyer's journey of a record: what it did, stage by stage, beside what buyers did."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from rapport.engine.errors import RapportError
from rapport.workspace.pages.scores.scored_record import live_score_of
from rapport.workspace.scores.journeys import DAYS, journey


@require_GET
def tally(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """A part of a page: interactions by stage in the last days."""
    version = live_score_of(request, name, record_id)
    context: dict[str, object] = {"version": version, "days": DAYS}
    try:
        context["stages"] = journey(version, record_id)
    except RapportError as error:
        context["problem"] = error.sentence
    return render(request, "scores/tally.html", context)
