"""The form beside the text: every change is made in the text, and both are shown again."""

from __future__ import annotations

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
    document, problem, change = request.POST.get("document", ""), "", request.POST.get("change", "")
    try:
        if change:
            place, value = request.POST.get("place", ""), request.POST.get("value", "")
            document = changed(document, change=change, place=place, value=value)
        found = form_of(read_yaml(document))
    except RapportError as error:
        found, problem, change = None, error.sentence, ""
    context = {"form": found, "problem": problem, "document": document, "is_changed": bool(change)}
    return render(request, "scores/form/form.html", context)
