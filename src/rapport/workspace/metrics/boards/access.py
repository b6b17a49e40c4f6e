"""Who sees and changes which dashboard: one place, asked by lists, pages, exports, links and mail alike.

| dashboard | seen by | changed by |
| --- | --- | --- |
| ready-made | everyone | no one (a copy can be) |
| private | its owner | its owner |
| for a team | its owner, that team, managers of teams above it, administrators | its owner, administrators |
| for all | everyone | its owner, administrators |

Figures are the company's, whoever looks; the rows behind them are only those that the reader may see.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from rapport.workspace.metrics.models import Audience, Dashboard
from rapport.workspace.team.access import Action, can, owners_seen
from rapport.workspace.team.models import Role, User


def seen_by(user: User) -> QuerySet[Dashboard]:
    """The dashboards that a user may see: ready-made first, then by title."""
    if not user.is_active:
        return Dashboard.objects.none()
    shared = Q(audience=Audience.ALL)
    if user.role == Role.ADMIN:
        shared |= Q(audience=Audience.TEAM)
    elif teams := _teams_of(user):
        shared |= Q(audience=Audience.TEAM, team_id__in=teams)
    found = Dashboard.objects.filter(Q(owner=None) | Q(owner_id=user.pk) | shared)
    return found.select_related("owner", "team").order_by("position", "title", "id")


def may_edit(user: User, dashboard: Dashboard) -> bool:
    """Whether the user may change or delete a dashboard that they see."""
    if dashboard.owner_id is None:
        return False
    return dashboard.owner_id == user.pk or (user.role == Role.ADMIN and dashboard.audience != Audience.PRIVATE)


def audiences(user: User) -> list[tuple[str, str]]:
    """Whom the user may make a dashboard for: (value, words)."""
    found = [(Audience.PRIVATE.value, "Only me")]
    if can(user, Action.EDIT_DASHBOARDS):
        found += [(Audience.TEAM.value, "A team"), (Audience.ALL.value, "Everyone")]
    return found


def readers_of(dashboard: Dashboard) -> list[User]:
    """Those who may see a dashboard and can be sent mail, by name."""
    active = User.objects.filter(is_active=True, deleted_at=None).exclude(email="").order_by("name", "username")
    if dashboard.owner_id is None or dashboard.audience == Audience.ALL:
        return list(active)
    if dashboard.audience == Audience.PRIVATE:
        return list(active.filter(pk=dashboard.owner_id))
    return [user for user in active if seen_by(user).filter(pk=dashboard.pk).exists()]


def _teams_of(user: User) -> set[str]:
    """The user's own team and, for a manager, the teams of those whose records they see."""
    below = (
        User.objects.filter(pk__in=owners_seen(user) or []).exclude(team=None) if user.role == Role.MANAGER else None
    )
    found = set(below.values_list("team_id", flat=True)) if below is not None else set()
    return {str(team) for team in found | {user.team_id} if team}
