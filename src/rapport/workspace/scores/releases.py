"""Deciding which version of a score is live: publish, roll back, retire. Each is recorded: who, when, why."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rapport.engine.errors import DefinitionError
from rapport.engine.evaluation.gate import UNPROVED, Doubt
from rapport.engine.evaluation.gate import doubts as found_doubts
from rapport.engine.scores.definition import parse_definition
from rapport.workspace.crm.records.changes import save
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreRelease, State


def publish(draft: ScoreDefinition, *, by: str, reason: str, override: str = "") -> ScoreDefinition:
    """Make a draft live; the version that was live is retired.

    The document must be readable and proved by a backtest that leaves no doubt (`engine.evaluation.gate`: it is
    there, it is whole, it ranks no worse than the live version, nothing in it knows the outcome), or `override` says
    why it goes live all the same. The reporting time zone is copied into the version.
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
    return _make_live(draft, action="publish", by=by, reason=reason, override=override if doubts(draft) else "")


def doubts(version: ScoreDefinition) -> tuple[Doubt, ...]:
    """What speaks against making a version live; each needs somebody to say why it is done all the same.

    A comparison counts with the version that is live now alone: a proof against an earlier one says nothing of it.
    """
    report = version.backtest
    current = ScoreDefinition.objects.filter(name=version.name, state=State.PUBLISHED).first()
    if report and (current is None or not _proved_against(version, current)):
        report = {**report, "baselines": [b for b in report.get("baselines") or () if b.get("name") != "live"]}
    return found_doubts(report)


def rollback(name: str, *, version: int, by: str, reason: str, override: str = "") -> ScoreDefinition:
    """Make an earlier, retired version live again; it is unchanged.

    One that was published against a doubt keeps what was said then as its override, unless another is given.
    """
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
    proof = found_doubts(earlier.backtest)
    said = override.strip() or _said_before(earlier)
    if proof and not said:
        raise _refusal(earlier, proof)
    return _make_live(earlier, action="rollback", by=by, reason=reason, override=said if proof else "")


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
    found = doubts(draft)
    if found and not override.strip():
        raise _refusal(draft, found)


def _refusal(version: ScoreDefinition, found: Sequence[Doubt]) -> DefinitionError:
    if [doubt.code for doubt in found] == [UNPROVED]:
        return DefinitionError(
            f"Version {version.version} has no backtest.",
            where=version.name,
            next_step="Run its backtest, or say why it should go live without one.",
        )
    return DefinitionError(
        f"Version {version.version}: {' '.join(doubt.sentence for doubt in found)}",
        where=version.name,
        next_step="Change it and run its backtest again, or say why it should go live all the same.",
    )


def _proved_against(version: ScoreDefinition, current: ScoreDefinition) -> bool:
    """Whether the live version of now was the live one when the backtest ran."""
    release = current.releases.exclude(action="retire").order_by("-decided_at").first()
    return version.backtested_at is not None and release is not None and release.decided_at <= version.backtested_at


def _said_before(version: ScoreDefinition) -> str:
    told = version.releases.exclude(override="").order_by("-decided_at").first()
    return told.override if told else ""


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
