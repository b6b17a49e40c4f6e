"""What a reader answers for: their goals and those of their team, and alerts not yet seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rapport.workspace.metrics.goals.models import GoalAlert
from rapport.workspace.metrics.models import Goal
from rapport.workspace.pages.goals.shown import ShownGoal, shown_goals
from rapport.workspace.team.models import User

WITH = ("plan", "plan__objective", "plan__team", "owner")
_MOST = 6


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A goal that slipped, and since when."""

    alert: GoalAlert
    shown: ShownGoal


def is_mine(user: User) -> Q:
    """Goals that the user owns, or their team."""
    own = Q(owner_id=user.pk)
    return own | Q(plan__team_id=user.team_id) if user.team_id else own


def my_goals(user: User, *, now: datetime) -> list[ShownGoal]:
    """Those that run now, the one due next first; a few."""
    running = Goal.objects.filter(is_mine(user), deleted_at=None, due_at__gt=now, starts_at__lte=now)
    return shown_goals(list(running.select_related(*WITH).order_by("due_at", "id")[:_MOST]), now=now)


def alerts_of(user: User, *, now: datetime) -> list[Alert]:
    """Slips that the user has not put away, the newest first; each as it stands now."""
    found = list(GoalAlert.objects.filter(user=user, seen_at=None, goal__deleted_at=None).order_by("-raised_at", "id"))
    goals = Goal.objects.filter(pk__in=[alert.goal_id for alert in found]).select_related(*WITH)
    told: Sequence[ShownGoal] = shown_goals(list(goals), now=now)
    by_goal = {shown.goal.pk: shown for shown in told}
    return [Alert(alert=alert, shown=by_goal[alert.goal_id]) for alert in found]
