"""Links for outsiders: making and revoking them, and the page that they open."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engine.errors import DefinitionError, RapportError
from rapport.workspace.metrics import dashboards
from rapport.workspace.metrics.boards.shares import DAYS, knocks, may_share, opened, revoke, share, shares_of
from rapport.workspace.metrics.boards.targets import targets
from rapport.workspace.metrics.models import DashboardShare
from rapport.workspace.pages.dashboards.asking import asked_in, asking
from rapport.workspace.pages.dashboards.finding import dashboard_of
from rapport.workspace.pages.dashboards.tiles import Beside, board
from rapport.workspace.pages.lists.pages import reader

_MOST = 60


@require_http_methods(["GET", "POST"])
def links(request: HttpRequest, slug: str) -> HttpResponse:
    """The links there are, and a form for a new one; its address is shown once."""
    shown, user, now = dashboard_of(request, slug), reader(request), timezone.now()
    if not may_share(user, shown):
        raise PermissionDenied("Your role does not allow to share a dashboard with others outside.")
    ask = asking(request, now=now)
    context: dict[str, Any] = {"dashboard": shown, "ask": ask, "days": DAYS}
    if request.method == "POST":
        days = request.POST.get("days", "")
        try:
            made = share(
                shown,
                user=user,
                now=now,
                question=ask.query,
                label=request.POST.get("label", ""),
                days=int(days) if days.isdigit() else 0,
            )
            context["address"] = request.build_absolute_uri(reverse("dashboards:shared", args=[made.token]))
        except DefinitionError as error:
            context["problem"] = error.sentence
    context["shares"] = [(s, _state(s)) for s in shares_of(shown, user)]
    answer = render(request, "dashboards/links.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def revoke_link(request: HttpRequest, slug: str, share_id: str) -> HttpResponse:
    shown = dashboard_of(request, slug)
    revoke(get_object_or_404(DashboardShare, pk=share_id, dashboard=shown), user=reader(request), now=timezone.now())
    messages.success(request, "The link opens nothing any more.")
    return redirect("dashboards:links", slug)


@login_not_required
@require_GET
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The figures behind a link, read-only: no rows, no other question, no names of who made it."""
    now = timezone.now()
    if _too_many(request):
        return _private(
            HttpResponse("Too many requests. Try again in a minute.", status=429, headers={"Retry-After": "60"})
        )
    found = opened(token, now=now)
    if found is None:
        return _private(render(request, "dashboards/shared_gone.html", status=404))
    ask = asked_in(QueryDict(found.question), now=now)
    context: dict[str, Any] = {"dashboard": found.dashboard, "ask": ask, "is_outside": True, "until": found.expires_at}
    try:
        figures = dashboards.figures(found.dashboard, ask.asked, now=now)
        goals = targets([f.metric for f in figures.tiles], now=now)
        context["board"] = board(figures, ask.asked, Beside(targets=goals))
    except RapportError as error:
        context["problem"] = error.sentence
    return _private(render(request, "dashboards/shared.html", context))


def _state(found: DashboardShare) -> str:
    if found.revoked_at:
        return "revoked"
    return "ended" if found.expires_at <= timezone.now() else "open"


def _private(answer: HttpResponse) -> HttpResponse:
    """Found by no search engine, kept by no cache, told to no other site."""
    answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer["Cache-Control"] = "private, no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _too_many(request: HttpRequest) -> bool:
    """More than 60 in a minute from one address, whichever process answered."""
    return knocks(request.META.get("REMOTE_ADDR", ""), now=timezone.now()) > _MOST
