"""Members of a segment that the reader may see, a page at a time, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from rapport.workspace.crm.records.models import SegmentMembership
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.pages.scores.links import record_url
from rapport.workspace.scores.subjects import name_of, records
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User

PAGE = 50
_CHUNK = 1_000
_EXPORTED = {
    "contact": ("email", "title", "country", "lifecycle_stage"),
    "account": ("domain", "industry", "country", "employees"),
    "deal": ("stage", "status", "amount", "currency"),
}


@dataclass(frozen=True, kw_only=True)
class Member:
    name: str
    url: str
    since: datetime | None
    record: Any


@dataclass(frozen=True, kw_only=True)
class MemberPage:
    """Attributes: after, where the next page begins; empty at the end."""

    members: list[Member]
    after: str


def columns_of(subject: str) -> tuple[str, ...]:
    return _EXPORTED[subject]


def member_page(segment: Segment, user: User, *, after: str = "", size: int = PAGE) -> MemberPage:
    """The members by id after the one named."""
    rows = list(_members(segment, user).filter(pk__gt=after).order_by("pk")[: size + 1])
    shown = rows[:size]
    return MemberPage(
        members=_with_since(segment, shown), after=str(shown[-1].pk) if shown and len(rows) > size else ""
    )


def every_member(segment: Segment, user: User) -> Iterator[Member]:
    after = ""
    while True:
        page = member_page(segment, user, after=after, size=_CHUNK)
        yield from page.members
        if not page.after:
            return
        after = page.after


def changes(segment: Segment, user: User, *, count: int = 10) -> list[tuple[Member, datetime, bool]]:
    """Who entered and left most recently: member, when, whether it entered; newest first."""
    stays = SegmentMembership.objects.filter(segment=segment.name, subject=segment.subject, deleted_at=None)
    entered = [
        (s, at, True)
        for s, at in stays.order_by("-entered_at", "-pk").values_list("subject_id", "entered_at")[: 3 * count]
    ]
    gone = stays.filter(left_at__isnull=False).order_by("-left_at", "-pk")
    left = [(s, at, False) for s, at in gone.values_list("subject_id", "left_at")[: 3 * count] if at is not None]
    newest = sorted([*entered, *left], key=lambda change: (change[1], change[0]), reverse=True)
    seen = {r.pk: r for r in visible(records(segment.subject).filter(pk__in=[s for s, _, _ in newest]), user)}
    told = [(_member(segment, seen[s], None), at, entered) for s, at, entered in newest if s in seen]
    return told[:count]


def sample(subject: str, ids: list[str], user: User, *, count: int) -> list[Member]:
    """A few of these that the reader may see."""
    rows = visible(records(subject).filter(pk__in=ids[:500]), user).order_by("pk")[:count]
    return [Member(name=name_of(r), url=record_url(subject, str(r.pk)), since=None, record=r) for r in rows]


def _members(segment: Segment, user: User) -> QuerySet[Any]:
    standing = SegmentMembership.objects.filter(
        segment=segment.name, subject=segment.subject, subject_id=OuterRef("pk"), left_at=None, deleted_at=None
    )
    return visible(records(segment.subject), user).filter(Exists(standing))


def _with_since(segment: Segment, rows: list[Any]) -> list[Member]:
    stays = SegmentMembership.objects.filter(
        segment=segment.name, subject_id__in=[row.pk for row in rows], left_at=None, deleted_at=None
    )
    since = dict(stays.values_list("subject_id", "entered_at"))
    return [_member(segment, row, since.get(row.pk)) for row in rows]


def _member(segment: Segment, row: Any, since: datetime | None) -> Member:
    return Member(name=name_of(row), url=record_url(segment.subject, str(row.pk)), since=since, record=row)
