"""Scores from HubSpot and back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from rapport.engine.errors import RapportError
from rapport.workspace.scores import exchange as use_case
from rapport.workspace.scores.definitions import readable
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.team.access import Action, needs

_LARGEST = 1_000_000  # bytes of an uploaded file


@needs(Action.EDIT_SCORES)
def import_hubspot(request: HttpRequest) -> HttpResponse:
    """A draft from the JSON of a HubSpot lead score, and what is not the same."""
    context: dict[str, object] = {"source": "hubspot"}
    status = 200
    if request.method == "POST":
        text = _text(request)
        context["text"] = text
        try:
            context["drafted"] = use_case.from_hubspot(text, by=str(request.user))
        except RapportError as error:
            context["problem"], status = error.sentence, 422
    return render(request, "scores/import.html", context, status=status)


@require_GET
def exchange(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """What a version would be in HubSpot."""
    shown = get_object_or_404(ScoreDefinition, name=name, version=version)
    context: dict[str, object] = {"name": name, "version": shown, "definition": readable(shown), "tab": "exchange"}
    try:
        found = use_case.to_hubspot(shown)
        context |= {"exported": found, "json": use_case.hubspot_json(found)}
    except RapportError as error:
        context["problem"] = error.sentence
    return render(request, "scores/exchange.html", context)


@require_GET
def export_hubspot(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """The JSON of a HubSpot draft as a file."""
    shown = get_object_or_404(ScoreDefinition, name=name, version=version)
    try:
        found = use_case.to_hubspot(shown)
    except RapportError as error:
        return HttpResponse(error.sentence, status=422, content_type="text/plain; charset=utf-8")
    answer = HttpResponse(use_case.hubspot_json(found), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{version}-hubspot.json"'
    return answer


def _text(request: HttpRequest) -> str:
    upload = request.FILES.get("file")
    if upload is None:
        return request.POST.get("text", "")
    content: bytes = upload.read(_LARGEST)
    return content.decode("utf-8", errors="replace")
