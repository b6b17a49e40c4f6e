"""What a new local day does to scores: points decay without anything happening.

Whoever was foreseen to leave a threshold on this day is scored first, then everybody; then it is foreseen anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from rapport.engine.actions.foreseen import leavings
from rapport.engine.actions.thresholds import READY, Threshold, thresholds_of
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.narrowed import FEW
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import RapportError
from rapport.engine.runner import Runner
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.workspace.actions.models import ForeseenCrossing
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.crm.records.touching import touch, touch_of
from rapport.workspace.scores.definitions import live_definitions, readable
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition
from rapport.workspace.scores.runs import READ_TABLES, Progress, quiet, run_score

_AT_ONCE = 500


def begin_day(*, now: datetime, progress: Progress = quiet) -> dict[str, object]:
    """Score everybody as of the new day and foresee the next crossings; safe to run again.

    Returns: subjects foreseen for today, changed rows by score, crossings foreseen, scores that failed.
    """
    versions = live_definitions()
    due = touch_due(local_day_of(now, settings.REPORTING_TIME_ZONE), now=now)
    changed: dict[str, int] = {}
    failed: dict[str, str] = {}
    for done, version in enumerate(versions):
        name = version.name or ""
        progress(done, len(versions) + 1, f"scoring {name}")
        try:
            changed[name] = run_score(name, as_of=now).changed_count
        except RapportError as error:
            failed[name] = error.sentence
    progress(len(versions), len(versions) + 1, "foreseeing the next crossings")
    return {"due": due, "changed": changed, "foreseen": foresee(now=now), "failed": failed}


def touch_due(day: date, *, now: datetime) -> int:
    """Mark those who were foreseen to leave a threshold by this local day; how many."""
    due = ForeseenCrossing.objects.filter(day__lte=day)
    subjects = set(due.values_list("subject", "subject_id"))
    with transaction.atomic():
        touch((touch_of(subject, subject_id) for subject, subject_id in subjects), at=now)
    return len(subjects)


def foresee(*, now: datetime) -> int:
    """Write anew when each ready subject will cease to be ready if nothing happens; how many will."""
    count = 0
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        for version in live_definitions():
            count += _foresee_score(version, snapshot, runner, now)
    return count


def _foresee_score(version: ScoreDefinition, snapshot: Snapshot, runner: Runner, now: datetime) -> int:
    definition = readable(version)
    if not isinstance(definition, PointsDefinition):
        return 0
    inside = CurrentScore.objects.filter(score=version.name, ready_since__isnull=False)
    ids = list(inside.order_by("subject_id").values_list("subject_id", flat=True))
    rows = [
        row
        for threshold in thresholds_of(definition)
        if threshold.name == READY
        for start in range(0, len(ids), FEW)
        for row in _rows(definition, threshold, ids[start : start + FEW], snapshot, runner, now)
    ]
    _replace(version.name or "", rows)
    return len(rows)


def _rows(
    definition: PointsDefinition,
    threshold: Threshold,
    ids: Sequence[str],
    snapshot: Snapshot,
    runner: Runner,
    now: datetime,
) -> list[ForeseenCrossing]:
    found = leavings(definition, as_known(snapshot, now), subject_ids=ids, threshold=threshold, runner=runner)
    return [
        ForeseenCrossing(
            score=definition.name,
            subject=definition.subject,
            subject_id=subject_id,
            threshold=threshold.name,
            day=leaving.day,
            value=leaving.value,
            computed_at=now,
        )
        for subject_id, leaving in found.items()
    ]


def _replace(score: str, rows: Sequence[ForeseenCrossing]) -> None:
    with transaction.atomic():
        ForeseenCrossing.objects.filter(score=score).delete()
        ForeseenCrossing.objects.bulk_create(rows, batch_size=_AT_ONCE)
