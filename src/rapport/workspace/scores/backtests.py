"""Proving a version on the company's own history, before it is published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.evaluation.backtest import backtest
from rapport.engine.runner import Runner
from rapport.engine.scores.cut_offs import suggest_cut_offs
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.definitions import live, parsed, version_of
from rapport.workspace.scores.feedback import words
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.runs import READ_TABLES, Progress, quiet

CUT_OFF_COUNT = 3


def run_backtest(
    name: str,
    version: int | None = None,
    *,
    cut_offs: Sequence[datetime] | None = None,
    now: datetime | None = None,
    progress: Progress = quiet,
) -> ScoreDefinition:
    """Backtest a version (None: the live one, else the newest) and keep the report with it.

    cut_offs: None takes the newest three whose outcome windows are over, one window apart.
    The live version is a baseline where another one is proved.
    Raises DefinitionError where the definition claims no outcome.
    """
    stored = version_of(name, version)
    at = now or timezone.now()
    definition = parsed(stored)
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        report = backtest(
            definition,
            snapshot,
            cut_offs=list(cut_offs) if cut_offs else suggested(definition, snapshot, now=at, runner=runner),
            now=at,
            runner=runner,
            live=_other_live(stored),
            feedback=words(stored.name or ""),
            progress=progress,
        )
    stored.backtest = json.loads(report.to_json())
    stored.backtest_html = report.to_html()
    stored.backtested_at = at
    stored.save(update_fields=["backtest", "backtest_html", "backtested_at"])
    return stored


def suggested(definition: Definition, snapshot: Snapshot, *, now: datetime, runner: Runner) -> list[datetime]:
    """The newest cut-offs whose windows do not overlap and are over by `now`, oldest first."""
    if definition.outcome is None:
        raise DefinitionError(
            "It claims no outcome, so there is nothing to prove.",
            where=definition.name,
            next_step="Add outcome: {event: ..., within_days: ...} to the definition.",
        )
    return list(
        suggest_cut_offs(snapshot, definition.outcome, now, CUT_OFF_COUNT, subject=definition.subject, runner=runner)
    )


def _other_live(stored: ScoreDefinition) -> Definition | None:
    """The live version as a baseline, where it is another one."""
    current = live(stored.name or "")
    return parsed(current) if current is not None and current.pk != stored.pk else None
