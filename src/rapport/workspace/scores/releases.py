"""Deciding which version of a score is live: publish, roll back, retire. Each is recorded: who, when, why."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition import parse_definition
from rapport.workspace.crm.records.changes import save
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreRelease, State


def publish(draft: ScoreDefinition, *, by: str, reason: str, override: str = "") -> ScoreDefinition:
    """Make a draft live; the version that was live is retired.

    The document must be readable and proved by a backtest, or `override` says why it goes live
    without one. The reporting time zone is copied into the version.
    Raises DefinitionError where something is missing or the version is no draft.
    """
    if draft.state != State.DRAFT:
        raise DefinitionError(
            f"Version {draft.version} is {draft.state}; only a draft is published.",
            where=draft.name,
            next_step="Roll back to it, or make a new draft from it.",
        )
    definition = parse_definition(draft.document or "")
    _refuse_unproved(draft, reason=reason, override=override)
    draft.time_zone = definition.time_zone or settings.REPORTING_TIME_ZONE
    return _make_live(draft, action="publish", by=by, reason=reason, override="" if draft.backtest else override)


def rollback(name: str, *, version: int, by: str, reason: str) -> ScoreDefinition:
    """Make an earlier, retired version live again; it is unchanged."""
    earlier = ScoreDefinition.objects.filter(name=name, version=version, state=State.RETIRED).first()
    if earlier is None:
        retired = ScoreDefinition.objects.filter(name=name, state=State.RETIRED).values_list("version", flat=True)
        raise DefinitionError(
            "There is no such earlier version to roll back to.",
            where=name,
            received=version,
            allowed=[str(v) for v in retired] or "none has been live before",
        )
    _need_reason(name, reason)
    return _make_live(earlier, action="rollback", by=by, reason=reason)


def retire(name: str, *, by: str, reason: str) -> None:
    """Take a score out of service; its history stays, its current values go."""
    _need_reason(name, reason)
    with transaction.atomic():
        for version in ScoreDefinition.objects.filter(name=name, state=State.PUBLISHED):
            version.state = State.RETIRED
            version.save(update_fields=["state"])
            _record(version, action="retire", by=by, reason=reason)
        CurrentScore.objects.filter(score=name).delete()


def _refuse_unproved(draft: ScoreDefinition, *, reason: str, override: str) -> None:
    _need_reason(draft.name, reason)
    if not draft.backtest and not override.strip():
        raise DefinitionError(
            f"Version {draft.version} has no backtest.",
            where=draft.name,
            next_step="Run its backtest, or say why it should go live without one.",
        )


def _need_reason(name: str | None, reason: str) -> None:
    if not reason.strip():
        raise DefinitionError("A reason is needed.", where=name, next_step="Say in a sentence why.")


@transaction.atomic
def _make_live(version: ScoreDefinition, *, action: str, by: str, reason: str, override: str = "") -> ScoreDefinition:
    ScoreDefinition.objects.filter(name=version.name, state=State.PUBLISHED).update(state=State.RETIRED)
    version.state = State.PUBLISHED
    version.save(update_fields=["state", "time_zone"])
    if version.published_at is None:
        now = timezone.now()
        save("score_definitions", version.pk, {"published_at": now}, by=by, at=now)
        version.refresh_from_db(fields=["published_at"])
    _record(version, action=action, by=by, reason=reason, override=override)
    return version


def _record(version: ScoreDefinition, *, action: str, by: str, reason: str, override: str = "") -> None:
    ScoreRelease.objects.create(
        definition=version,
        action=action,
        decided_at=timezone.now(),
        by=by,
        reason=reason.strip(),
        override=override.strip(),
    )
