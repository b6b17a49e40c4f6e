"""Today: who to contact now and why, who rises and who slips."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from rapport.engine.errors import DefinitionError
from rapport.workspace.actions import decisions, listing
from rapport.workspace.actions.models import WorkItem
from rapport.workspace.pages.goals.mine import alerts_of, my_goals
from rapport.workspace.pages.today.board import FIRST, MOST, Card, board, card
from rapport.workspace.team.models import User


def index(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    allowed = listing.scopes(user)
    scope = request.GET.get("scope", "")
    scope = scope if scope in allowed else listing.default_scope(user)
    count = MOST if request.GET.get("show") == "all" else FIRST
    shown = board(user, scope=scope, score=request.GET.get("score", ""), count=count, now=timezone.now())
    goals = {"goals": my_goals(user, now=timezone.now()), "alerts": alerts_of(user, now=timezone.now())}
    return render(request, "today/index.html", {"board": shown, "scopes": allowed, **goals})


@require_POST
def done(request: HttpRequest, item_id: str) -> HttpResponse:
    return _decide(request, item_id, lambda item, user, at: decisions.done(item, by=user, at=at))


@require_POST
def snooze(request: HttpRequest, item_id: str) -> HttpResponse:
    how_long = request.POST.get("for", "tomorrow")
    return _decide(request, item_id, lambda item, user, at: decisions.snooze(item, by=user, at=at, how_long=how_long))


@require_POST
def not_relevant(request: HttpRequest, item_id: str) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _decide(request, item_id, lambda item, user, at: decisions.not_relevant(item, by=user, at=at, reason=reason))


@require_POST
def reopen(request: HttpRequest, item_id: str) -> HttpResponse:
    return _decide(request, item_id, lambda item, _user, _at: decisions.reopen(item))


def _decide(
    request: HttpRequest, item_id: str, decision: Callable[[WorkItem, User, datetime], WorkItem]
) -> HttpResponse:
    """Decide about an item that the reader sees, and show it as it now stands."""
    user = cast(User, request.user)
    item = get_object_or_404(listing.items_seen(user).select_related("for_user"), pk=item_id)
    try:
        decision(item, user, timezone.now())
    except DefinitionError as error:
        return HttpResponse(error.sentence, status=409, content_type="text/plain")
    shown: Card = card(item)
    template = "today/item.html" if item.state == WorkItem.State.OPEN else "today/decided.html"
    return render(request, template, {"card": shown})
