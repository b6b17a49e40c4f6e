"""A draft in the shadow of the live version: switched on and off here, and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rapport.engine.errors import RapportError
from rapport.engine.evaluation.shadow import SideBySide
from rapport.workspace.actions.capacity import capacity
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.pages.scores.links import record_url
from rapport.workspace.scores import releases, shadow
from rapport.workspace.scores.definitions import live
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.runs import READ_TABLES
from rapport.workspace.scores.subjects import records, subjects
from rapport.workspace.team.access import Action, can, needs, visible
from rapport.workspace.team.models import User

_DEFAULT_CAPACITY = 50  # where nobody has said how many the team works
_NAMED = 15


@dataclass(frozen=True, kw_only=True)
class Person:
    name: str
    url: str


@needs(Action.EDIT_SCORES)
def page(request: HttpRequest, name: str, version: int) -> HttpResponse:
    draft = get_object_or_404(ScoreDefinition, name=name, version=version)
    found = shadow.newest(name, version)
    works = capacity(now=timezone.now()).per_week
    compared = None
    if found is not None and found.passes.exists():
        compared = shadow.compared(found, capacity=works or _DEFAULT_CAPACITY, now=timezone.now())
    newest = compared.newest if compared else None
    context = {
        "name": name,
        "version": draft,
        "live": live(name),
        "shadow": found,
        "compared": compared,
        "newest": newest,
        "works": works,
        "only_draft": _people(request, draft.subject, newest.only_draft_ids) if newest else [],
        "only_live": _people(request, draft.subject, newest.only_live_ids) if newest else [],
        "moves": _moves(newest) if newest else [],
        "doubts": releases.doubts(draft),
        "may_publish": can(request.user, Action.PUBLISH_SCORES),
    }
    return render(request, "scores/shadow.html", context)


@needs(Action.EDIT_SCORES)
def fates(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """A part of a page: which of the two foresaw what happened. It reads the company's history, so it comes later."""
    get_object_or_404(ScoreDefinition, name=name, version=version)
    found = shadow.newest(name, version)
    if found is None:
        return render(request, "scores/fates.html", {"fates": None})
    now = timezone.now()
    works = capacity(now=now).per_week or _DEFAULT_CAPACITY
    try:
        with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
            told = shadow.compared(found, capacity=works, now=now, snapshot=snapshot, runner=runner).fates
    except RapportError as error:
        return render(request, "scores/fates.html", {"problem": error.sentence})
    return render(request, "scores/fates.html", {"fates": told, "capacity": works})


@require_POST
@needs(Action.EDIT_SCORES)
def start(request: HttpRequest, name: str, version: int) -> HttpResponse:
    try:
        shadow.start(name, version, by=str(request.user))
        messages.success(request, f"Version {version} is scored beside the live one from the next run on.")
    except RapportError as error:
        messages.error(request, error.sentence)
    return redirect("scores:shadow", name, version)


@require_POST
@needs(Action.EDIT_SCORES)
def stop(request: HttpRequest, name: str, version: int) -> HttpResponse:
    found = shadow.running(name)
    if found is not None and found.definition.version == version:
        shadow.stop(found, by=str(request.user), why=request.POST.get("why", "") or "Stopped by hand.")
        messages.success(request, "Stopped. What it said stays for comparison.")
    return redirect("scores:shadow", name, version)


def _moves(found: SideBySide) -> list[tuple[str, str, int]]:
    """From band to band, those that change it, the largest group first."""
    rows = [(m.live or "no value", m.draft or "no value", m.count) for m in found.moves if m.live != m.draft]
    return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))


def _people(request: HttpRequest, kind: str, ids: Sequence[str]) -> list[Person]:
    """Some of those, of whom the reader may see."""
    first = list(ids[: 10 * _NAMED])
    seen = set(visible(records(kind).filter(pk__in=first), cast(User, request.user)).values_list("pk", flat=True))
    known = subjects(kind, seen)
    return [Person(name=known[i].name, url=record_url(kind, i)) for i in first if i in known][:_NAMED]
