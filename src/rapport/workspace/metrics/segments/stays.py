"""Stays in a segment, written: who entered and who left, with their history, in short transactions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from rapport.engine.crm.tables import TABLES, Type
from rapport.workspace.crm.records.history import Entry, write_entries
from rapport.workspace.crm.records.models import SegmentMembership
from rapport.workspace.crm.records.touching import touch, touch_of
from rapport.workspace.crm.records.values import as_text
from rapport.workspace.lib import bulk
from rapport.workspace.lib.ids import new_ids
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.metrics.segments.watching import MembershipChange, tell_watchers

T = TypeVar("T")
SOURCE = "segments"
_BATCH = 1_000
_COLUMNS = ("id", "source", "created_at", "recorded_at", "segment", "subject", "subject_id", "entered_at")


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How many entered and how many left."""

    entered: int
    left: int


def standing(segment: Segment) -> dict[str, str]:
    """Id of the stay that has not ended, by member."""
    rows = SegmentMembership.objects.filter(
        segment=segment.name, subject=segment.subject, left_at__isnull=True, deleted_at__isnull=True
    )
    return dict(rows.values_list("subject_id", "pk"))


def move(segment: Segment, members: Iterable[str], *, at: datetime, is_past: bool = False) -> Moved:
    """Make the members those of an instant: who is new enters, who is missing leaves. Safe to repeat.

    A few changes have the live scores of those concerned computed again.
    """
    now_in, were_in = set(members), standing(segment)
    entered = sorted(now_in - were_in.keys())
    left = sorted((subject_id, stay) for subject_id, stay in were_in.items() if subject_id not in now_in)
    few = not is_past and len(entered) + len(left) < _BATCH
    for ids in _batches(entered):
        with bulk.without_garbage_collection(), transaction.atomic():
            _enter(segment, ids, at)
            _tell(segment, ids, entered=True, at=at, is_past=is_past, few=few)
    for stays in _batches(left):
        with transaction.atomic():
            _leave([stay for _, stay in stays], at)
            _tell(segment, [subject_id for subject_id, _ in stays], entered=False, at=at, is_past=is_past, few=few)
    return Moved(entered=len(entered), left=len(left))


def _enter(segment: Segment, ids: Sequence[str], at: datetime) -> None:
    made = timezone.now()
    rows = [
        (row_id, SOURCE, made, at, segment.name, segment.subject, subject_id, at)
        for row_id, subject_id in zip(new_ids(len(ids)), ids, strict=True)
    ]
    bulk.insert(SegmentMembership, _COLUMNS, rows)


def _leave(stays: Sequence[str], at: datetime) -> None:
    """The row says so at once; readers of the lake, where the row stays as it was, learn it from the history."""
    bulk.update(SegmentMembership, [(stay, {"left_at": at}) for stay in stays])
    text = as_text(Type.INSTANT, at)
    entries = [Entry(stay, "left_at", text, at, at, assumed=False) for stay in stays]
    write_entries(TABLES["segment_memberships"], entries, by=SOURCE)


def _tell(segment: Segment, ids: Sequence[str], *, entered: bool, at: datetime, is_past: bool, few: bool) -> None:
    changes = [MembershipChange(subject_id=i, entered=entered, at=at, is_past=is_past) for i in ids]
    tell_watchers(segment, changes)
    if few:
        touch((touch_of(segment.subject, i) for i in ids), at=timezone.now())


def _batches(rows: Sequence[T]) -> Iterator[list[T]]:
    stream = iter(rows)
    while batch := list(islice(stream, _BATCH)):
        yield batch
