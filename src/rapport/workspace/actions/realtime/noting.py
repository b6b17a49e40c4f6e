"""Noting which thresholds changed scores have crossed, in the transaction that writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from django.db.models import Max

from rapport.engine.actions.thresholds import READY, Direction, Threshold, thresholds_of
from rapport.workspace.actions.models import ThresholdCrossing
from rapport.workspace.scores.definitions import readable
from rapport.workspace.scores.models import ScoreDefinition, ScoreRun
from rapport.workspace.scores.watching import Change


@dataclass(frozen=True, kw_only=True)
class _Crossed:
    change: Change
    threshold: Threshold
    direction: Direction


def note_crossings(run: ScoreRun, subject: str, changes: Sequence[Change]) -> None:
    """Write a row for each crossing of a chunk of changes.

    A subject's first score in a full run crosses nothing: it was there before anybody looked. Nor does a change of
    version: not the subject changed, but the measure.
    """
    thresholds = _thresholds(run)
    crossed = [one for change in changes for one in _crossed(change, run, thresholds)]
    if not crossed:
        return
    numbers = _numbers(run.score, {one.change.after.subject_id for one in crossed})
    rows = []
    for one in crossed:
        key = (one.change.after.subject_id, one.threshold.name)
        numbers[key] = numbers.get(key, 0) + 1
        rows.append(_row(one, run, subject, numbers[key]))
    ThresholdCrossing.objects.bulk_create(rows)


def _crossed(change: Change, run: ScoreRun, thresholds: Sequence[Threshold]) -> Iterator[_Crossed]:
    before = change.before
    in_full_run = not run._state.adding
    if (before is None and in_full_run) or (before is not None and before.version != run.version):
        return
    for threshold in thresholds:
        if threshold.name == READY:
            direction = Direction(change.event.kind) if change.event else None
        else:
            direction = _band_crossed(threshold, before.value if before else None, change.after.value)
        if direction is not None:
            yield _Crossed(change=change, threshold=threshold, direction=direction)


def _band_crossed(threshold: Threshold, before: Decimal | None, after: Decimal | None) -> Direction | None:
    """A band is entered and left at the same bound, so that the value before tells where the subject was."""
    return threshold.crossed(after, inside=threshold.holds(before, inside=False))


def _thresholds(run: ScoreRun) -> tuple[Threshold, ...]:
    versions = ScoreDefinition.objects.filter(name=run.score, version=run.version)
    stored = versions.values_list("id", flat=True).first()
    return _thresholds_of(stored) if stored else ()


@lru_cache(maxsize=256)
def _thresholds_of(definition_id: str) -> tuple[Threshold, ...]:
    """Kept: a published version never changes."""
    definition = readable(ScoreDefinition.objects.get(pk=definition_id))
    return thresholds_of(definition) if definition else ()


def _numbers(score: str, subject_ids: set[str]) -> dict[tuple[str, str], int]:
    """How often each of these subjects has crossed each threshold so far."""
    found = ThresholdCrossing.objects.filter(score=score, subject_id__in=subject_ids)
    counted = found.values_list("subject_id", "threshold").annotate(newest=Max("number"))
    return {(subject_id, threshold): newest for subject_id, threshold, newest in counted}


def _row(one: _Crossed, run: ScoreRun, subject: str, number: int) -> ThresholdCrossing:
    after = one.change.after
    return ThresholdCrossing(
        score=run.score,
        version=run.version,
        subject=subject,
        subject_id=after.subject_id,
        threshold=one.threshold.name,
        kind=one.direction.value,
        number=number,
        occurred_at=run.as_of,
        value=after.value,
        band=after.band,
        run_id=run.id,
    )
