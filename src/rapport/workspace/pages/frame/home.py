"""The bare address: the first section that exists."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from rapport.workspace.pages.frame.navigation import entries


def home(request: HttpRequest) -> HttpResponse:
    sections = entries(request.path)
    if sections:
        return redirect(sections[0].url)
    return render(request, "frame.html")


@login_not_required
def healthy(_request: HttpRequest) -> HttpResponse:
    """200 when the database answers: for a load balancer or a start script."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
