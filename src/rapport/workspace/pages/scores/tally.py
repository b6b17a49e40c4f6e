"""The buyer's journey of a record: what it did, stage by stage, beside what buyers did."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from rapport.engine.errors import RapportError
from rapport.workspace.scores.definitions import live
from rapport.workspace.scores.journeys import DAYS, journey
from rapport.workspace.scores.subjects import records
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User


@require_GET
def tally(request: HttpRequest, name: str, record_id: str) -> HttpResponse:
    """A part of a page: interactions by stage in the last days."""
    version = live(name)
    if version is None:
        raise Http404("There is no such score.")
    get_object_or_404(visible(records(version.subject), cast(User, request.user)), pk=record_id)
    context: dict[str, object] = {"version": version, "days": DAYS}
    try:
        context["stages"] = journey(version, record_id)
    except RapportError as error:
        context["problem"] = error.sentence
    return render(request, "scores/tally.html", context)
