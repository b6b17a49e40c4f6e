"""Keeping what a run computed: the newest value of each subject, its history and its readiness."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction

from rapport.workspace.lib import bulk
from rapport.workspace.lib.ids import new_id
from rapport.workspace.scores.models import CurrentScore, ReadinessEvent, ScoreRun, ScoreValue
from rapport.workspace.scores.scored import Scored
from rapport.workspace.scores.watching import Change, tell_watchers

_T = TypeVar("_T")
CHUNK = 1000  # rows of one write transaction; longer ones would hold up people's own changes
_FIGURES = ("value", "low", "high", "fit", "engagement", "matrix", "band", "percentile", "reason_null")
_SHOWN = (
    *("version", "subject"),
    *_FIGURES,
    *("trend", "change_7d", "change_30d", "as_of", "computed_at", "run_id", "ready_since"),
)
_TOLD = (
    *("id", "source", "score", "version", "subject", "subject_id", "as_of", "run_id"),
    *_FIGURES,
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
            with transaction.atomic():
                _write(part, run, subject=subject, readiness=readiness, computed_at=computed_at)
    gone = {s for s, c in before.items() if not _is_newer(c, run)} - {row.subject_id for row in rows}
    _remove(run.score, gone)
    nulls = sum(row.value is None for row in rows)
    return Kept(scored_count=len(rows) - nulls, null_count=nulls, changed_count=len(changed))


def keep_touched(
    run: ScoreRun,
    rows: Sequence[Scored],
    *,
    of: Collection[str],
    subject: str,
    readiness: Readiness | None,
    computed_at: datetime,
    cause: str,
) -> int:
    """Write the scores of a few subjects, in the transaction under way; how many differed from before.

    Parameters: run, the instant and the run whose population they were ranked in; of, everybody who was looked at,
        at most 1,000: who has no row is scored no more. What was computed as of a later instant stays.
    """
    changed = _write(rows, run, subject=subject, readiness=readiness, computed_at=computed_at, cause=cause)
    gone = set(of) - {row.subject_id for row in rows}
    if gone:
        CurrentScore.objects.filter(score=run.score, subject_id__in=gone, as_of__lte=run.as_of).delete()
    return changed


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


def _is_newer(current: CurrentScore, run: ScoreRun) -> bool:
    """Whether a kept score was computed as of a later instant than the run's, which must not overwrite it."""
    return current.version == run.version and current.as_of > run.as_of


def _standing(run: ScoreRun, rows: Sequence[Scored]) -> dict[str, CurrentScore]:
    """The kept scores of these subjects, held until the transaction ends."""
    found = CurrentScore.objects.filter(score=run.score, subject_id__in=[row.subject_id for row in rows])
    if connection.features.has_select_for_update:
        found = found.order_by("id").select_for_update()
    return {current.subject_id: current for current in found}


def _write(
    rows: Sequence[Scored],
    run: ScoreRun,
    *,
    subject: str,
    readiness: Readiness | None,
    computed_at: datetime,
    cause: str | None = None,
) -> int:
    """Write what differs from what is kept at this moment, in the transaction under way; how many rows.

    What a later instant left there stays.
    """
    added, changed, history, events, changes = [], [], [], [], []
    before = _standing(run, rows)
    for row in rows:
        old = before.get(row.subject_id)
        if (old and _is_newer(old, run)) or not _differs(row, old, run, readiness):
            continue
        ready_since, event = _readiness(row, old, run, subject=subject, readiness=readiness)
        values = _values(row, run, subject=subject, computed_at=computed_at, ready_since=ready_since)
        if old is None:
            added.append((run.score, row.subject_id, *values))
        else:
            changed.append((old.pk, dict(zip(_SHOWN, values, strict=True))))
        if event:
            events.append(event)
        told = old is None or old.version != run.version or scored_of(old).told != row.told
        if told:
            why = _cause(old, run) if cause is None or old is None else cause
            history.append(_told(row, run, subject=subject, computed_at=computed_at, cause=why))
        if told or event:
            changes.append(Change(before=old, after=row, ready_since=ready_since, event=event))
    bulk.insert(CurrentScore, ("score", "subject_id", *_SHOWN), added)
    bulk.update(CurrentScore, changed)
    bulk.insert(ScoreValue, _TOLD, history)
    ReadinessEvent.objects.bulk_create(events)
    tell_watchers(run, subject, changes)
    return len(added) + len(changed)


def _values(
    row: Scored, run: ScoreRun, *, subject: str, computed_at: datetime, ready_since: datetime | None
) -> tuple[object, ...]:
    """The columns `_SHOWN`."""
    own = (run.version, subject)
    moved = (row.trend, row.change_7d, row.change_30d)
    return (*own, *_figures(row), *moved, run.as_of, computed_at, run.id, ready_since)


def _figures(row: Scored) -> tuple[object, ...]:
    """What both the current row and its history hold of a score, in the order of their columns."""
    return tuple(getattr(row, name) for name in _FIGURES)


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
    return (*own, *_figures(row), cause, computed_at, run.as_of, computed_at)


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
