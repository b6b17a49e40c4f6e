"""A user's work list, and what they may decide about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from rapport.workspace.actions.models import WorkItem
from rapport.workspace.team.access import owners_seen
from rapport.workspace.team.models import Role, User

SCOPES = ("mine", "team", "all")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How the list stands: open now, snoozed, and decided in the last 7 days."""

    open: int
    snoozed: int
    done: int
    not_relevant: int


def items_seen(user: User) -> QuerySet[WorkItem]:
    """Items of the users whose records this user sees; those of no one are seen by managers and admins."""
    owners = owners_seen(user)
    if owners is None:
        return WorkItem.objects.all()
    unowned = Q(for_user=None) if user.role == Role.MANAGER else Q()
    return WorkItem.objects.filter(Q(for_user__in=owners) | unowned if unowned else Q(for_user__in=owners))


def scopes(user: User) -> Sequence[str]:
    """The scopes that show a user anything more than their own list."""
    return {Role.MEMBER: ("mine",), Role.MANAGER: ("mine", "team"), Role.ADMIN: ("mine", "all")}[Role(user.role)]


def in_scope(user: User, scope: str) -> QuerySet[WorkItem]:
    seen = items_seen(user)
    return seen.filter(for_user=user) if scope == "mine" else seen


def default_scope(user: User) -> str:
    """One's own list, or the widest where that is empty."""
    if len(scopes(user)) == 1 or WorkItem.objects.filter(for_user=user, state=WorkItem.State.OPEN).exists():
        return "mine"
    return scopes(user)[-1]


def open_items(user: User, scope: str, *, count: int) -> list[WorkItem]:
    """The open ones, by rank; those of several users in turn."""
    rows = in_scope(user, scope).filter(state=WorkItem.State.OPEN).select_related("for_user")
    return list(rows.order_by("rank", "subject_id")[:count])


def counts(user: User, scope: str, *, now: datetime) -> Counts:
    week = Q(decided_at__gt=now - timedelta(days=7))
    found = in_scope(user, scope).aggregate(
        open=Count("id", filter=Q(state=WorkItem.State.OPEN)),
        snoozed=Count("id", filter=Q(state=WorkItem.State.SNOOZED)),
        done=Count("id", filter=Q(state=WorkItem.State.DONE) & week),
        not_relevant=Count("id", filter=Q(state=WorkItem.State.NOT_RELEVANT) & week),
    )
    return Counts(**found)
