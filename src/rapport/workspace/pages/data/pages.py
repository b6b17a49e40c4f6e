"""The views of Data."""

from __future__ import annotations

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from rapport.workspace.crm.intake.models import Import
from rapport.workspace.pages.data.overview import freshness, sources
from rapport.workspace.pages.frame.context import SAMPLE_KEY
from rapport.workspace.queue import Job, enqueue
from rapport.workspace.team.access import Action, can, needs

_FEW = 6


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Imports and background work at once; counts follow, as they may take a moment."""
    context = {
        "imports": list(Import.objects.order_by("-created_at")[:_FEW]) if can(request.user, Action.IMPORT) else [],
        "jobs": list(Job.objects.order_by("-created_at")[:_FEW]),
        "may_import": can(request.user, Action.IMPORT),
    }
    return render(request, "data/index.html", context)


@require_GET
@needs(Action.IMPORT)
def source_counts(request: HttpRequest) -> HttpResponse:
    """A part of the page: rows by source and table."""
    return render(request, "data/_sources.html", {"sources": sources()})


@require_GET
@needs(Action.IMPORT)
def lake(request: HttpRequest) -> HttpResponse:
    """A part of the page: the lake."""
    return render(request, "data/_lake.html", {"lake": freshness()})


@require_POST
@needs(Action.REMOVE_SAMPLES)
def remove_sample(request: HttpRequest) -> HttpResponse:
    """Take the sample data out, in the background."""
    enqueue("remove_sample", by=request.user, once=True)
    cache.delete(SAMPLE_KEY)
    messages.success(request, "The sample data is being removed; what you made yourself stays.")
    return redirect("data:index")
