"""A subject that has just become ready is suggested at once, without waiting for the next work list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from rapport.engine.actions.thresholds import READY, Direction
from rapport.workspace.actions.decisions import HOLD_DONE, HOLD_NOT_RELEVANT
from rapport.workspace.actions.holdout import left_alone
from rapport.workspace.actions.models import ThresholdCrossing, WorkItem
from rapport.workspace.actions.realtime.answering import on_crossing
from rapport.workspace.scores.models import CurrentScore
from rapport.workspace.scores.subjects import subjects


@on_crossing("work item", threshold=READY)
def suggest(crossing: ThresholdCrossing, now: datetime) -> dict[str, Any]:
    """Put the subject first on its owner's list; take it off again when it is ready no more.

    Somebody held off (snoozed, contacted lately, found not relevant) or suggested already is left as is. The next
    building of the work list ranks it and tells its reasons in full.
    """
    open_now = WorkItem.objects.filter(score=crossing.score, subject_id=crossing.subject_id, state=WorkItem.State.OPEN)
    if crossing.kind == Direction.LEFT:
        return {"withdrawn": open_now.filter(cause="ready").delete()[0]}
    current = CurrentScore.objects.filter(score=crossing.score, subject_id=crossing.subject_id).first()
    subject = subjects(crossing.subject, {crossing.subject_id}).get(crossing.subject_id)
    if current is None or subject is None or current.ready_since is None or _is_held_off(crossing.subject_id, now):
        return {"left_alone": True}
    if open_now.exists():
        return {"left_alone": True}
    if left_alone(crossing.score, crossing.subject_id, band=current.band, now=now):
        return {"held_out": True}
    item = WorkItem.objects.create(
        for_user_id=subject.owner_id,
        subject=subject.kind,
        subject_id=subject.id,
        subject_name=subject.name[:500],
        score=crossing.score,
        version=crossing.version,
        run_id=current.run_id,
        cause="ready",
        value=current.value,
        band=current.band,
        trend=current.trend,
        change_7d=current.change_7d,
        reason=f"Has just become ready: {current.value:.0f} points.",
        created_at=now,
    )
    return {"work_item": item.pk}


def _is_held_off(subject_id: str, now: datetime) -> bool:
    return WorkItem.objects.filter(
        Q(state=WorkItem.State.SNOOZED)
        | Q(state=WorkItem.State.DONE, decided_at__gt=now - HOLD_DONE)
        | Q(state=WorkItem.State.NOT_RELEVANT, decided_at__gt=now - HOLD_NOT_RELEVANT),
        subject_id=subject_id,
    ).exists()
