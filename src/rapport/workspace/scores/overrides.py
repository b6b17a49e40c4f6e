"""Values that people set by hand. They stand beside what is computed and never change it; work lists follow them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet

from rapport.engine.errors import DefinitionError
from rapport.workspace.scores.definitions import parsed, version_of
from rapport.workspace.scores.models import ScoreOverride


@transaction.atomic
def set_override(
    score: str, subject_id: str, *, value: Decimal, reason: str, by: str, at: datetime, until: datetime | None = None
) -> ScoreOverride:
    """Set a subject's value by hand, in place of one that stands.

    Raises: DefinitionError where the value lies outside the score's range, no reason is given, or it would have
    ended already.
    """
    bounds = parsed(version_of(score)).range
    if not bounds.min <= value <= bounds.max:
        raise DefinitionError(
            "The value lies outside the score's range.", where=score, received=value,
            allowed=f"{bounds.min} to {bounds.max}",
        )  # fmt: skip
    if not reason.strip():
        raise DefinitionError("Say why it is set by hand.", where=score, next_step="Give a reason.")
    if until is not None and until <= at:
        raise DefinitionError("It would have ended already.", where="until", received=until, allowed=f"after {at}")
    end_override(score, subject_id, by=by, at=at)
    return ScoreOverride.objects.create(
        score=score, subject_id=subject_id, value=value, reason=reason.strip(), by=by, given_at=at, until=until
    )


def end_override(score: str, subject_id: str, *, by: str, at: datetime) -> bool:
    """End what was set by hand; False where nothing was. One whose time had come ended then, by itself."""
    rows = ScoreOverride.objects.filter(score=score, subject_id=subject_id, ended_at=None)
    own = rows.filter(until__lte=at)
    for row in own:
        ScoreOverride.objects.filter(pk=row.pk).update(ended_at=row.until)
    return bool(rows.update(ended_at=at, ended_by=by))


def overrides(score: str, *, at: datetime, subject_ids: Iterable[str] | None = None) -> Mapping[str, ScoreOverride]:
    """What is set by hand now, by subject."""
    rows = _standing(at).filter(score=score)
    if subject_ids is not None:
        rows = rows.filter(subject_id__in=list(subject_ids))
    return {row.subject_id: row for row in rows}


def overrides_of(subject_id: str, *, at: datetime) -> Mapping[str, ScoreOverride]:
    """What is set by hand now for a subject, by score."""
    return {row.score: row for row in _standing(at).filter(subject_id=subject_id)}


def _standing(at: datetime) -> QuerySet[ScoreOverride]:
    return ScoreOverride.objects.filter(Q(until=None) | Q(until__gt=at), ended_at=None, given_at__lte=at)
