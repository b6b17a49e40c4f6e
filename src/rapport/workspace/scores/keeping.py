"""Keeping what a run computed: the newest value of each subject, its history and its readiness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from django.db import transaction

from rapport.workspace.scores.models import CurrentScore, ReadinessEvent, ScoreRun, ScoreValue
from rapport.workspace.scores.scored import Scored

_T = TypeVar("_T")
CHUNK = 1000  # rows of one write transaction; longer ones would hold up people's own changes
_SHOWN = (
    *("version", "subject", "value", "fit", "engagement", "matrix", "band", "percentile", "reason_null"),
    *("trend", "change_7d", "change_30d", "as_of", "computed_at", "run_id", "ready_since"),
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
    for part in _parts(new):
        ScoreValue.objects.bulk_create(
            history_row(row, run, subject=subject, computed_at=computed_at, cause="looked back") for row in part
        )
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
    currents, values, events = [], [], []
    for row in rows:
        old = before.get(row.subject_id)
        current = _current(row, run, subject=subject, computed_at=computed_at)
        current.ready_since, event = _readiness(row, old, run, subject=subject, readiness=readiness)
        currents.append(current)
        if event:
            events.append(event)
        if old is None or old.version != run.version or scored_of(old).told != row.told:
            values.append(history_row(row, run, subject=subject, computed_at=computed_at, cause=_cause(old, run)))
    CurrentScore.objects.bulk_create(
        currents, update_conflicts=True, unique_fields=["score", "subject_id"], update_fields=_SHOWN
    )
    ScoreValue.objects.bulk_create(values)
    ReadinessEvent.objects.bulk_create(events)


def _current(row: Scored, run: ScoreRun, *, subject: str, computed_at: datetime) -> CurrentScore:
    shown = {name: getattr(row, name) for name in Scored.__dataclass_fields__}
    return CurrentScore(
        score=run.score,
        version=run.version,
        subject=subject,
        as_of=run.as_of,
        computed_at=computed_at,
        run_id=run.id,
        **shown,
    )


def history_row(row: Scored, run: ScoreRun, *, subject: str, computed_at: datetime, cause: str) -> ScoreValue:
    """An entry of the history (`score_values`)."""
    return ScoreValue(
        score=run.score,
        version=run.version,
        subject=subject,
        subject_id=row.subject_id,
        as_of=run.as_of,
        run_id=run.id,
        value=row.value,
        fit=row.fit,
        engagement=row.engagement,
        matrix=row.matrix,
        band=row.band,
        percentile=row.percentile,
        reason_null=row.reason_null,
        cause=cause,
        computed_at=computed_at,
        created_at=run.as_of,
        recorded_at=computed_at,
        source="rapport",
    )


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
