"""Score definitions that a sample starts with: proved by a backtest, then published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from rapport.cli.shown import Progress
from rapport.engine.errors import RapportError

if TYPE_CHECKING:
    from rapport.workspace.scores.models import ScoreDefinition

FRESH = timedelta(hours=1)
REASON = "Ready-made definition of the sample"


def publish_ready_made(templates: Sequence[str], *, by: str, progress: Progress) -> list[str]:
    """Publish the templates whose score does not exist yet, each after its backtest; safe to repeat.

    Returns: warnings, where a backtest could not be made; such a score is published with that as the recorded reason.
    """
    warnings = []
    for done, key in enumerate(templates):
        progress(done, len(templates), key)
        warnings += _publish(key, by=by)
    return warnings


def scores_are_fresh() -> bool:
    """Whether every live score was run with its live version within the hour, so that nothing is left to do."""
    from django.utils import timezone

    from rapport.workspace.scores.definitions import live_definitions
    from rapport.workspace.scores.runs import last_run

    live, since = live_definitions(), timezone.now() - FRESH
    runs = [(version, last_run(version.name or "")) for version in live]
    return bool(live) and all(run and run.version == v.version and run.as_of > since for v, run in runs)


def run_live_scores(progress: Progress) -> list[str]:
    """Run every live score. Returns: warnings, for those that failed; they do not hold up the others."""
    from django.utils import timezone

    from rapport.workspace.scores.definitions import live_definitions
    from rapport.workspace.scores.history import fill_in
    from rapport.workspace.scores.runs import run_score

    at, names, warnings = timezone.now(), [version.name or "" for version in live_definitions()], []
    for done, name in enumerate(names):
        progress(done, len(names), name)
        try:
            run_score(name, as_of=at)
            fill_in(name)
        except RapportError as error:
            warnings.append(f"{name}: {error.sentence}")
    return warnings


def _publish(key: str, *, by: str) -> list[str]:
    from rapport.engine.scores.definition import parse_definition
    from rapport.workspace.scores.definitions import create_draft
    from rapport.workspace.scores.models import ScoreDefinition, State
    from rapport.workspace.scores.templates import template

    document = template(key).document
    name = parse_definition(document).name
    versions = ScoreDefinition.objects.filter(name=name)
    if versions.exclude(state=State.DRAFT).exists():
        return []
    draft = versions.first() or create_draft(document=document, by=by, note=REASON)
    if draft.backtest:
        return _published(draft, by=by)
    return _proved_and_published(draft.name or "", draft.version or 1, by=by)


def _proved_and_published(name: str, version: int, *, by: str) -> list[str]:
    from rapport.workspace.scores.backtests import run_backtest
    from rapport.workspace.scores.definitions import version_of
    from rapport.workspace.scores.releases import publish

    try:
        proved = run_backtest(name, version)
    except RapportError as error:
        publish(version_of(name, version), by=by, reason=REASON, override=error.sentence)
        return [f"{name} is live without a backtest: {error.sentence}"]
    return _published(proved, by=by)


def _published(proved: ScoreDefinition, *, by: str) -> list[str]:
    """Make it live; a doubt that its proof leaves is recorded as the override and told as a warning."""
    from rapport.workspace.scores.releases import doubts, publish

    told = " ".join(doubt.sentence for doubt in doubts(proved))
    override = f"The sample's own score, live to be looked at: {told}" if told else ""
    publish(proved, by=by, reason=REASON, override=override)
    return [f"{proved.name} is live against a doubt: {told}"] if told else []
