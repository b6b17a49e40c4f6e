"""What people decide about a suggestion: done, later, or not relevant (which is feedback on the score)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from rapport.engine.errors import DefinitionError
from rapport.workspace.actions.holdout import reached
from rapport.workspace.actions.models import WorkItem
from rapport.workspace.scores.models import ScoreFeedback
from rapport.workspace.team.models import User

HOLD_DONE = timedelta(days=14)  # after contact, people are left in peace
HOLD_NOT_RELEVANT = timedelta(days=90)
SNOOZES = {"tomorrow": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}


def done(item: WorkItem, *, by: User, at: datetime) -> WorkItem:
    """Contacted; the subject is left in peace for a while. Says that the score was accepted."""
    reached(item, by=str(by), at=at)
    return _decide(item, WorkItem.State.DONE, by=by, at=at, verdict="accepted", reason="")


def not_relevant(item: WorkItem, *, by: User, at: datetime, reason: str = "") -> WorkItem:
    """Not worth contacting; kept as feedback with its reason. Feedback never changes a score by itself."""
    return _decide(item, WorkItem.State.NOT_RELEVANT, by=by, at=at, verdict="rejected", reason=reason)


def snooze(item: WorkItem, *, by: User, at: datetime, how_long: str) -> WorkItem:
    """Hide it until later (`tomorrow`, `week` or `month`)."""
    if how_long not in SNOOZES:
        raise DefinitionError("not a time to wait", where="snooze", received=how_long, allowed=tuple(SNOOZES))
    item.state, item.snoozed_until = WorkItem.State.SNOOZED, at + SNOOZES[how_long]
    item.decided_by, item.decided_at = by, at
    item.save(update_fields=["state", "snoozed_until", "decided_by", "decided_at"])
    return item


@transaction.atomic
def reopen(item: WorkItem) -> WorkItem:
    """Undo a decision, and the feedback that it left.

    Raises DefinitionError where the subject has been suggested anew meanwhile.
    """
    pending = WorkItem.objects.filter(score=item.score, subject_id=item.subject_id, state__in=("open", "snoozed"))
    if pending.exclude(id=item.id).exists():
        raise DefinitionError("It is on the list again already.", where="work list")
    ScoreFeedback.objects.filter(source="work_list", external_id=item.id, batch__isnull=True).delete()
    if item.state == WorkItem.State.DONE:
        reached(item, by=str(item.decided_by), at=None)
    item.state, item.snoozed_until = WorkItem.State.OPEN, None
    item.decided_by, item.decided_at, item.feedback = None, None, ""
    item.save(update_fields=["state", "snoozed_until", "decided_by", "decided_at", "feedback"])
    return item


@transaction.atomic
def _decide(item: WorkItem, state: str, *, by: User, at: datetime, verdict: str, reason: str) -> WorkItem:
    item.state, item.snoozed_until = state, None
    item.decided_by, item.decided_at, item.feedback = by, at, reason.strip()[:2000]
    item.save(update_fields=["state", "snoozed_until", "decided_by", "decided_at", "feedback"])
    ScoreFeedback.objects.create(
        source="work_list",
        external_id=item.id,
        score=item.score,
        version=item.version,
        subject_id=item.subject_id,
        verdict=verdict,
        reason=item.feedback or None,
        given_at=at,
        recorded_at=at,
        created_at=at,
        by=str(by),
    )
    return item
