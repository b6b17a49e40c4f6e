"""The record whose score a page is about: it must be there, and the reader must see it."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from rapport.workspace.scores.definitions import live
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.subjects import records
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User


def live_score_of(request: HttpRequest, name: str, record_id: str) -> ScoreDefinition:
    """The live version of a score, for a record that the reader sees; Http404 where either is not."""
    return _seen(request, live(name), record_id)


def any_score_of(request: HttpRequest, name: str, record_id: str) -> ScoreDefinition:
    """The same of a score that may be out of service by now."""
    return _seen(request, ScoreDefinition.objects.filter(name=name).first(), record_id)


def _seen(request: HttpRequest, version: ScoreDefinition | None, record_id: str) -> ScoreDefinition:
    if version is None:
        raise Http404("There is no such score.")
    get_object_or_404(visible(records(version.subject), cast(User, request.user)), pk=record_id)
    return version
