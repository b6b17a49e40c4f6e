"""Which events stand behind a few subjects' points."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapport.engine.crm.age import day_number
from rapport.engine.crm.conditions.grammar import EventMatch
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.scores.points.activity import window_of
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.plan import match_key
from rapport.engine.scores.points.spec import AtMost

NEWEST = 3


@dataclass(frozen=True)
class Occurrence:
    """One event of a subject; age in local days."""

    id: str
    occurred_at: datetime
    age: int


Found = Mapping[str, Mapping[str, Sequence[Occurrence]]]


def occurrences(points: Points) -> Found:
    """subject_id -> match (`match_key`) -> its occurrences, newest first, whatever their age."""
    found: dict[str, dict[str, list[Occurrence]]] = defaultdict(lambda: defaultdict(list))
    today = local_day_of(points.view.at, points.time_zone)
    for coded in points.coded.values():
        for row in points.runner.to_arrow(coded.rows).to_pylist():
            age = (today - local_day_of(row["occurred_at"], points.time_zone)).days
            one = Occurrence(row["id"], row["occurred_at"], age)
            for key in coded.matches[row["code"]]:
                found[row["subject_id"]][key].append(one)
    for by_match in found.values():
        for ones in by_match.values():
            ones.sort(key=lambda one: (one.occurred_at, one.id), reverse=True)
    return found


def within(match: EventMatch, found: Mapping[str, Sequence[Occurrence]]) -> list[Occurrence]:
    """The occurrences of a match in its days, newest first."""
    ones = found.get(match_key(match), ())
    return [one for one in ones if match.within_days is None or one.age < match.within_days]


def counted(ones: Sequence[Occurrence], at_most: AtMost | None, *, as_of: datetime, time_zone: str) -> int:
    """How many occurrences `at_most` lets count."""
    if at_most is None:
        return len(ones)
    today = day_number(local_day_of(as_of, time_zone))
    windows = Counter(window_of(today - one.age, at_most.per_days) for one in ones)
    return sum(min(number, at_most.times) for number in windows.values())


def event_evidence(match: EventMatch, ones: Sequence[Occurrence], number: int) -> dict[str, Any]:
    """What is shown of an event criterion: how many, how many count, and the newest ones."""
    return {
        "event": match.event,
        "count": len(ones),
        "counted": number,
        "newest": [{"id": one.id, "occurred_at": one.occurred_at.isoformat()} for one in ones[:NEWEST]],
        "evidence": "events" if ones else "none",
    }
