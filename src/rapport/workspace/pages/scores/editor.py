"""Writing a definition beside what it would do to real records."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rapport.engine.errors import RapportError
from rapport.workspace.actions.capacity import capacity
from rapport.workspace.pages.scores.links import record_url
from rapport.workspace.scores import previews
from rapport.workspace.scores.definitions import change_draft, check, create_draft, live
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.subjects import records
from rapport.workspace.scores.templates import template, templates
from rapport.workspace.team.access import Action, needs, visible
from rapport.workspace.team.models import User


@needs(Action.EDIT_SCORES)
def new(request: HttpRequest) -> HttpResponse:
    """A draft from a template or from a document written here."""
    key = request.GET.get("template", "")
    document = template(key).document if key in templates() else next(iter(templates().values())).document
    if request.method == "POST":
        return _save(request, None)
    return render(
        request, "scores/edit.html", {"document": document, "version": None, "templates": templates(), "key": key}
    )


@needs(Action.EDIT_SCORES)
def edit(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """The document of a version; saving a published one makes a new draft."""
    stored = get_object_or_404(ScoreDefinition, name=name, version=version)
    if request.method == "POST":
        return _save(request, stored)
    return render(request, "scores/edit.html", {"document": stored.document, "version": stored, "name": name})


@require_POST
@needs(Action.EDIT_SCORES)
def preview(request: HttpRequest) -> HttpResponse:
    """A part of a page: what is wrong with the document, or a few real records scored by it beside the live score."""
    document = request.POST.get("document", "")
    verdict = check(document)
    if verdict.definition is None:
        return render(request, "scores/preview.html", {"problem": verdict.problem})
    try:
        rows = previews.sample_preview(document, now=timezone.now())
    except RapportError as error:
        return render(request, "scores/preview.html", {"problem": error.sentence, "definition": verdict.definition})
    seen = _seen(request, verdict.definition.subject, [row.subject.id for row in rows])
    context = {
        "definition": verdict.definition,
        "live": live(verdict.definition.name),
        "rows": [(row, record_url(row.subject.kind, row.subject.id)) for row in rows if row.subject.id in seen],
    }
    return render(request, "scores/preview.html", context)


@require_POST
@needs(Action.EDIT_SCORES)
def effect(request: HttpRequest) -> HttpResponse:
    """A part of a page: what publishing the document would do now."""
    document = request.POST.get("document", "")
    verdict = check(document)
    if verdict.definition is None:
        return render(request, "scores/effect.html", {"problem": verdict.problem})
    try:
        found = previews.effect(document, now=timezone.now(), capacity=capacity(now=timezone.now()).per_week)
    except RapportError as error:
        return render(request, "scores/effect.html", {"problem": error.sentence})
    return render(request, "scores/effect.html", {"effect": found, "definition": verdict.definition})


def _save(request: HttpRequest, stored: ScoreDefinition | None) -> HttpResponse:
    document, note = request.POST.get("document", ""), request.POST.get("note", "").strip()
    by = str(request.user)
    try:
        draft = (
            change_draft(stored, document=document, by=by, note=note)
            if stored
            else create_draft(document=document, by=by, note=note)
        )
    except RapportError as error:
        context = {"document": document, "version": stored, "problem": error.sentence, "note": note}
        return render(request, "scores/edit.html", context, status=422)
    messages.success(request, f"Version {draft.version} of {draft.name} is saved as a draft.")
    return redirect("scores:version", draft.name, draft.version)


def _seen(request: HttpRequest, kind: str, ids: list[str]) -> set[str]:
    return set(visible(records(kind).filter(pk__in=ids), cast(User, request.user)).values_list("pk", flat=True))
