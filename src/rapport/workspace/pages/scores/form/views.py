"""The form beside the text: every change is made in the text, and both are shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from rapport.engine.errors import RapportError
from rapport.engine.scores.definition_text import read_yaml
from rapport.workspace.pages.scores.form.changes import changed
from rapport.workspace.pages.scores.form.shown import form_of
from rapport.workspace.team.access import Action, needs


@require_POST
@needs(Action.EDIT_SCORES)
def form(request: HttpRequest) -> HttpResponse:
    """A part of a page: the document's form, after one change where one is named, and then the text too."""
    return render(request, "scores/form/form.html", edited(request, changed=changed, shown=form_of))


def edited(request: HttpRequest, *, changed: Callable[..., str], shown: Callable[[Any], object]) -> dict[str, object]:
    """What a form beside a text shows.

    Parameters: changed, the document after a `change` at a `place` with a `value`; shown, its form from what it states.
    """
    document, problem, change = request.POST.get("document", ""), "", request.POST.get("change", "")
    found: object = None
    try:
        if change:
            place, value = request.POST.get("place", ""), request.POST.get("value", "")
            document = changed(document, change=change, place=place, value=value)
        found = shown(read_yaml(document))
    except RapportError as error:
        problem, change = error.sentence, ""
    return {"form": found, "problem": problem, "document": document, "is_changed": bool(change)}
