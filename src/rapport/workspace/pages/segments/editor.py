"""Making and changing a segment: its rules as a form and as text, beside who would be in it now."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rapport.engine.crm.as_of import as_known
from rapport.engine.errors import RapportError
from rapport.engine.metrics.segments.members import members
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.segments import definitions
from rapport.workspace.metrics.segments.building import READ_TABLES
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.metrics.segments.ready_made import ready_made
from rapport.workspace.pages.scores.form.views import edited
from rapport.workspace.pages.segments.form import changed, segment_form
from rapport.workspace.pages.segments.people import sample
from rapport.workspace.pages.segments.views import standing
from rapport.workspace.queue import enqueue
from rapport.workspace.scores.subjects import records
from rapport.workspace.team.access import Action, needs
from rapport.workspace.team.models import User

_SAMPLE = 8
_BLANK = {
    "contact": "subject: contact\nwhen:\n  all:\n    - field: contact.country\n      present: true\n",
    "account": "subject: account\nwhen:\n  all:\n    - field: account.industry\n      present: true\n",
    "deal": "subject: deal\nwhen:\n  all:\n    - field: deal.status\n      is: open\n",
}
_VIEWS = {"form_view": "segments:form", "preview_view": "segments:preview"}


@needs(Action.EDIT_SEGMENTS)
def new(request: HttpRequest) -> HttpResponse:
    """A segment by rules, of contacts, accounts or deals (`of`), or from a ready-made one (`ready`)."""
    if request.method == "POST":
        return _save(request, None)
    document, title = _BLANK.get(request.GET.get("of", ""), _BLANK["contact"]), ""
    chosen = next((one for one in ready_made() if one.key == request.GET.get("ready")), None)
    if chosen is not None:
        document, title = chosen.document, chosen.title
    return render(request, "segments/edit.html", {"document": document, "title": title, "segment": None, **_VIEWS})


@needs(Action.EDIT_SEGMENTS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Its title and its rules; of a group that behaves alike, title and description alone."""
    shown = standing(name)
    if request.method == "POST":
        return _save(request, shown)
    context = {"document": shown.document, "title": shown.title, "description": shown.description, "segment": shown}
    return render(request, "segments/edit.html", {**context, **_VIEWS})


@require_POST
@needs(Action.EDIT_SEGMENTS)
def make_ready(request: HttpRequest) -> HttpResponse:
    """Ready-made segments as they are; built in the background."""
    keys = set(request.POST.getlist("key"))
    chosen = [one for one in ready_made() if one.key in keys]
    if not chosen:
        raise Http404("There is no such ready-made segment.")
    for one in chosen:
        made = definitions.create(
            title=one.title, document=one.document, description=one.purpose, by=str(request.user), ready_made=one.key
        )
        enqueue("build_segment", by=request.user, once=True, segment=made.pk)
    told = chosen[0].title if len(chosen) == 1 else f"{len(chosen)} segments"
    messages.success(request, f"“{told}” is made; its members are being found.")
    return redirect("segments:index")


@require_POST
@needs(Action.EDIT_SEGMENTS)
def form(request: HttpRequest) -> HttpResponse:
    """A part of a page: the document's form, after one change where one is named, and then the text too."""
    return render(request, "segments/form.html", {**edited(request, changed=changed, shown=segment_form), **_VIEWS})


@require_POST
@needs(Action.EDIT_SEGMENTS)
def preview(request: HttpRequest) -> HttpResponse:
    """A part of a page: what is wrong with the rules, or how many are in, and a few that the reader may see."""
    try:
        definition = definitions.checked(request.POST.get("document", ""))
        with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
            rows = members(definition, as_known(snapshot, timezone.now()), runner=runner)
            ids = sorted(runner.to_arrow(rows.select("subject_id").distinct())["subject_id"].to_pylist())
    except RapportError as error:
        return render(request, "segments/preview.html", {"problem": error.sentence})
    context = {
        "definition": definition,
        "count": len(ids),
        "all": records(definition.subject).count(),
        "people": sample(definition.subject, ids, cast(User, request.user), count=_SAMPLE),
    }
    return render(request, "segments/preview.html", context)


def _save(request: HttpRequest, shown: Segment | None) -> HttpResponse:
    title, document = request.POST.get("title", ""), request.POST.get("document", "").replace("\r\n", "\n")
    description = request.POST.get("description", "")
    try:
        if shown is None:
            shown = definitions.create(title=title, document=document, description=description, by=str(request.user))
            anew = True
        else:
            anew = definitions.change(shown, title=title, document=document, description=description)
    except RapportError as error:
        context = {"document": document, "title": title, "description": description, "segment": shown}
        return render(request, "segments/edit.html", {**context, "problem": error.sentence, **_VIEWS}, status=422)
    if anew:
        enqueue("build_segment", by=request.user, once=True, segment=shown.pk)
        messages.success(request, f"“{shown.title}” is saved; its members are being found.")
    else:
        messages.success(request, f"“{shown.title}” is saved.")
    return redirect("segments:segment", shown.name)
