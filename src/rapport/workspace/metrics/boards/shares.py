"""Links by which anyone reads a dashboard's figures: random, kept as a hash only, ending by themselves."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import F

from rapport.engine.errors import DefinitionError
from rapport.workspace.metrics.boards.access import may_edit, seen_by
from rapport.workspace.metrics.models import Dashboard, DashboardShare, ShareKnock
from rapport.workspace.team.access import Action, can
from rapport.workspace.team.models import Role, User

DAYS, MOST_DAYS = 30, 365
_BYTES = 32
_REMEMBERED = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Given:
    """A link just made. token: its secret, shown once and never again."""

    share: DashboardShare
    token: str


def may_share(user: User, dashboard: Dashboard) -> bool:
    """Managers and administrators, what they see."""
    return can(user, Action.EDIT_DASHBOARDS) and seen_by(user).filter(pk=dashboard.pk).exists()


def share(
    dashboard: Dashboard, *, user: User, now: datetime, question: str = "", label: str = "", days: int = DAYS
) -> Given:
    """A link to the dashboard as asked for by `question` (an address's query), for so many days."""
    if not may_share(user, dashboard):
        raise PermissionDenied("Your role does not allow to share a dashboard with others outside.")
    if not 1 <= days <= MOST_DAYS:
        raise DefinitionError("A link lasts 1 to 365 days.", where="days", received=days)
    token = secrets.token_urlsafe(_BYTES)
    made = DashboardShare.objects.create(
        dashboard=dashboard,
        token_hash=_hash(token),
        question=question,
        label=label.strip()[:100],
        created_by=user,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return Given(share=made, token=token)


def opened(token: str, *, now: datetime) -> DashboardShare | None:
    """The share of a link that still holds, counted as opened; None for any other.

    It also ends when its maker is no longer active, or may no longer share or see the dashboard.
    """
    found = (
        DashboardShare.objects.filter(token_hash=_hash(token), revoked_at=None, expires_at__gt=now)
        .select_related("dashboard", "created_by")
        .first()
    )
    if found is None or not may_share(found.created_by, found.dashboard):
        return None
    DashboardShare.objects.filter(pk=found.pk).update(opened_count=F("opened_count") + 1, opened_at=now)
    return found


def shares_of(dashboard: Dashboard, user: User) -> list[DashboardShare]:
    """The links that the user may revoke, newest first."""
    found = dashboard.shares.select_related("created_by")
    if user.role != Role.ADMIN and not may_edit(user, dashboard):
        found = found.filter(created_by=user)
    return list(found)


def revoke(found: DashboardShare, *, user: User, now: datetime) -> None:
    """By its maker, who may change the dashboard, or an administrator."""
    if user.role != Role.ADMIN and found.created_by_id != user.pk and not may_edit(user, found.dashboard):
        raise PermissionDenied("Only its maker revokes a link.")
    DashboardShare.objects.filter(pk=found.pk, revoked_at=None).update(revoked_at=now)


def knocks(address: str, *, now: datetime) -> int:
    """How often links were asked for from an address in this minute, this time included, by all processes together."""
    minute = now.replace(second=0, microsecond=0)
    key = _hash(f"{address} {minute.isoformat()}")
    if not ShareKnock.objects.filter(pk=key).update(count=F("count") + 1):
        ShareKnock.objects.filter(at__lt=now - _REMEMBERED).delete()
        made = ShareKnock.objects.bulk_create([ShareKnock(key=key, at=minute)], ignore_conflicts=True)
        ShareKnock.objects.filter(pk=made[0].pk).update(count=F("count") + 1)
    return ShareKnock.objects.values_list("count", flat=True).get(pk=key)


def _hash(token: str) -> str:
    """The secret has 256 random bits, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()
