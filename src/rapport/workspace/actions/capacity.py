"""How many suggestions a team works in a week: what it says itself, else what it was seen to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from rapport.engine.errors import DefinitionError
from rapport.workspace.actions.models import TeamCapacity, WorkItem
from rapport.workspace.team.models import Team

_WEEKS = 8
SET, MEASURED, UNKNOWN = "set", "measured", "unknown"


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """Of one team, or of all. team: its name, empty for all; per_week: None where nothing is known;
    basis: `set`, `measured` (mean of the last 8 weeks, from the first suggestion done) or `unknown`."""

    team_id: str | None
    team: str
    per_week: int | None
    basis: str


def capacity(*, now: datetime) -> Capacity:
    """Of all together: what was set for all, else the sum over teams where each is known, else what was done."""
    told = _set_for(None, now=now)
    if told is not None:
        return Capacity(team_id=None, team="", per_week=told, basis=SET)
    known = [c for c in by_team(now=now) if c.per_week is not None]
    if any(c.basis == SET for c in known):
        return Capacity(team_id=None, team="", per_week=sum(c.per_week or 0 for c in known), basis=SET)
    done = _done_a_week(WorkItem.objects.filter(state=WorkItem.State.DONE), now=now)
    return Capacity(team_id=None, team="", per_week=done, basis=UNKNOWN if done is None else MEASURED)


def by_team(*, now: datetime) -> Sequence[Capacity]:
    """Every team, by name."""
    return [_of(team, now=now) for team in Team.objects.filter(deleted_at=None).order_by("name")]


def set_capacity(*, team: Team | None, per_week: int, by: str, now: datetime) -> TeamCapacity:
    """What a team (None: all together) says it works a week. Earlier answers are kept."""
    if not 0 < per_week <= 1_000_000:
        raise DefinitionError("Not a number of suggestions a week.", received=per_week, allowed="1 to 1,000,000")
    return TeamCapacity.objects.create(team=team, per_week=per_week, set_by=by, set_at=now)


def _of(team: Team, *, now: datetime) -> Capacity:
    told = _set_for(team, now=now)
    if told is not None:
        return Capacity(team_id=team.pk, team=team.name, per_week=told, basis=SET)
    done = WorkItem.objects.filter(state=WorkItem.State.DONE, decided_by__team=team)
    seen = _done_a_week(done, now=now)
    return Capacity(team_id=team.pk, team=team.name, per_week=seen, basis=UNKNOWN if seen is None else MEASURED)


def _set_for(team: Team | None, *, now: datetime) -> int | None:
    told = TeamCapacity.objects.filter(team=team, set_at__lte=now).order_by("-set_at").first()
    return told.per_week if told else None


def _done_a_week(items: QuerySet[WorkItem], *, now: datetime) -> int | None:
    """Mean of the last 8 weeks, or of those since the first was done, at least one; None where none was."""
    since = now - timedelta(weeks=_WEEKS)
    found = items.filter(decided_at__gt=since, decided_at__lte=now)
    first = found.order_by("decided_at").first()
    if first is None or first.decided_at is None:
        return None
    weeks = max(1.0, (now - first.decided_at) / timedelta(weeks=1))
    return max(1, round(found.count() / weeks))
