"""Goals of whole metrics, for their tiles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rapport.workspace.metrics.models import Goal


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a goal asks of a metric. due_at: null where it has no end; direction: as the goal says, or empty."""

    target: float
    due_at: datetime | None
    direction: str


def targets(metrics: Iterable[str], *, now: datetime) -> dict[str, Target]:
    """By metric, the goal that is due next, of those without filters that run now."""
    running = Goal.objects.filter(
        Q(starts_at=None) | Q(starts_at__lte=now),
        Q(due_at=None) | Q(due_at__gte=now),
        metric__in=list(dict.fromkeys(metrics)),
        deleted_at=None,
    ).exclude(target=None)
    found: dict[str, Target] = {}
    for goal in sorted(running, key=lambda g: (g.due_at is None, g.due_at or now, g.pk)):
        if not goal.filters and goal.metric and goal.target is not None:
            told = Target(target=goal.target, due_at=goal.due_at, direction=goal.direction or "")
            found.setdefault(goal.metric, told)
    return found
