"""Keeping what a run computed: the newest value of each subject, its history and its readiness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from django.db import transaction

from rapport.workspace.lib import bulk
from rapport.workspace.lib.ids import new_id
from rapport.workspace.scores.models import CurrentScore, ReadinessEvent, ScoreRun, ScoreValue
from rapport.workspace.scores.scored import Scored

_T = TypeVar("_T")
CHUNK = 1000  # rows of one write transaction; longer ones would hold up people's own changes
_SHOWN = (
    *("version", "subject", "value", "low", "high", "fit", "engagement", "matrix", "band", "percentile"),
    "reason_null",
    *("trend", "change_7d", "change_30d", "as_of", "computed_at", "run_id", "ready_since"),
)
_TOLD = (
    *("id", "source", "score", "version", "subject", "subject_id", "as_of", "run_id"),
    *("value", "low", "high", "fit", "engagement", "matrix", "band", "percentile", "reason_null"),
    *("cause", "computed_at", "created_at", "recorded_at"),
)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How many subjects have a value, how many have none, and how many differ from before."""

    scored_count: int
    null_count: int
    changed_count: int


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """Ready from `enter` on, until below `leave`."""

    enter: Decimal
    leave: Decimal

    def holds(self, value: Decimal | None, *, was_ready: bool) -> bool:
        return value is not None and value >= (self.leave if was_ready else self.enter)


def keep(
    run: ScoreRun, rows: Sequence[Scored], *, subject: str, readiness: Readiness | None, computed_at: datetime
) -> Kept:
    """Write what differs from before; remove subjects that are scored no more.

    History gets a row where value, subtotals, labels or the reason differ (or none was there), with its cause.
    """
    before = {c.subject_id: c for c in CurrentScore.objects.filter(score=run.score).iterator(chunk_size=5000)}
    changed = [row for row in rows if _differs(row, before.get(row.subject_id), run, readiness)]
    with bulk.without_garbage_collection():
        for part in _parts(changed):
            _write(part, run, before, subject=subject, readiness=readiness, computed_at=computed_at)
    _remove(run.score, set(before) - {row.subject_id for row in rows})
    nulls = sum(row.value is None for row in rows)
    return Kept(scored_count=len(rows) - nulls, null_count=nulls, changed_count=len(changed))


def keep_past(run: ScoreRun, rows: Sequence[Scored], *, subject: str, computed_at: datetime) -> Kept:
    """Add values as of a past instant to the history, once; current values are those of newer runs and stay."""
    there = ScoreValue.objects.filter(score=run.score, version=run.version, as_of=run.as_of)
    known = set(there.values_list("subject_id", flat=True))
    new = [row for row in rows if row.subject_id not in known]
    keep_history(new, run, subject=subject, computed_at=computed_at, cause="looked back")
    nulls = sum(row.value is None for row in rows)
    return Kept(scored_count=len(rows) - nulls, null_count=nulls, changed_count=len(new))


def scored_of(current: CurrentScore) -> Scored:
    """A kept row as what was computed."""
    return Scored(**{name: getattr(current, name) for name in Scored.__dataclass_fields__})


def _differs(row: Scored, before: CurrentScore | None, run: ScoreRun, readiness: Readiness | None) -> bool:
    if before is None or before.version != run.version or scored_of(before).shown != row.shown:
        return True
    was_ready = before.ready_since is not None
    return readiness is not None and readiness.holds(row.value, was_ready=was_ready) != was_ready


@transaction.atomic
def _write(
    rows: Sequence[Scored],
    run: ScoreRun,
    before: Mapping[str, CurrentScore],
    *,
    subject: str,
    readiness: Readiness | None,
    computed_at: datetime,
) -> None:
    added, changed, history, events = [], [], [], []
    for row in rows:
        old = before.get(row.subject_id)
        ready_since, event = _readiness(row, old, run, subject=subject, readiness=readiness)
        values = _values(row, run, subject=subject, computed_at=computed_at, ready_since=ready_since)
        if old is None:
            added.append((run.score, row.subject_id, *values))
        else:
            changed.append((old.pk, dict(zip(_SHOWN, values, strict=True))))
        if event:
            events.append(event)
        if old is None or old.version != run.version or scored_of(old).told != row.told:
            history.append(_told(row, run, subject=subject, computed_at=computed_at, cause=_cause(old, run)))
    bulk.insert(CurrentScore, ("score", "subject_id", *_SHOWN), added)
    bulk.update(CurrentScore, changed)
    bulk.insert(ScoreValue, _TOLD, history)
    ReadinessEvent.objects.bulk_create(events)


def _values(
    row: Scored, run: ScoreRun, *, subject: str, computed_at: datetime, ready_since: datetime | None
) -> tuple[object, ...]:
    """The columns `_SHOWN`."""
    own = (run.version, subject)
    scored = (
        row.value,
        row.low,
        row.high,
        row.fit,
        row.engagement,
        row.matrix,
        row.band,
        row.percentile,
        row.reason_null,
    )
    moved = (row.trend, row.change_7d, row.change_30d)
    return (*own, *scored, *moved, run.as_of, computed_at, run.id, ready_since)


def keep_history(rows: Iterable[Scored], run: ScoreRun, *, subject: str, computed_at: datetime, cause: str) -> int:
    """Add entries to the history (`score_values`) as of the run's instant; returns how many."""
    count = 0
    for part in _parts(rows):
        told = [_told(row, run, subject=subject, computed_at=computed_at, cause=cause) for row in part]
        with transaction.atomic():
            bulk.insert(ScoreValue, _TOLD, told)
        count += len(told)
    return count


def _told(row: Scored, run: ScoreRun, *, subject: str, computed_at: datetime, cause: str) -> tuple[object, ...]:
    """The columns `_TOLD`."""
    own = (new_id(), "rapport", run.score, run.version, subject, row.subject_id, run.as_of, run.id)
    scored = (
        row.value,
        row.low,
        row.high,
        row.fit,
        row.engagement,
        row.matrix,
        row.band,
        row.percentile,
        row.reason_null,
    )
    return (*own, *scored, cause, computed_at, run.as_of, computed_at)


def _cause(before: CurrentScore | None, run: ScoreRun) -> str:
    if before is None:
        return "first"
    return "run" if before.version == run.version else "new version"


def _readiness(
    row: Scored, before: CurrentScore | None, run: ScoreRun, *, subject: str, readiness: Readiness | None
) -> tuple[datetime | None, ReadinessEvent | None]:
    """Since when the subject is ready, and the event if that began or ended now."""
    if readiness is None:
        return None, None
    since = before.ready_since if before else None
    ready = readiness.holds(row.value, was_ready=since is not None)
    if ready == (since is not None):
        return since, None
    event = ReadinessEvent(
        score=run.score,
        version=run.version,
        subject=subject,
        subject_id=row.subject_id,
        kind="entered" if ready else "left",
        occurred_at=run.as_of,
        value=row.value,
        run_id=run.id,
    )
    return (run.as_of if ready else None), event


def _remove(score: str, subject_ids: Iterable[str]) -> None:
    for part in _parts(sorted(subject_ids)):
        CurrentScore.objects.filter(score=score, subject_id__in=part).delete()


def _parts(rows: Iterable[_T]) -> Iterator[list[_T]]:
    remaining = iter(rows)
    while part := list(islice(remaining, CHUNK)):
        yield part
