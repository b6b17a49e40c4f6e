"""Lint of a version on the company's own history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from rapport.engine.evaluation.lint import lint
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.definitions import parsed, version_of
from rapport.workspace.scores.findings import FINGERPRINT, Found, fingerprint, newest
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.runs import READ_TABLES, Progress, quiet

TASK = "lint_score"


def run_lint(
    name: str, version: int | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> dict[str, Any]:
    """Lint a version (None: the live one, else the newest); the report as JSON values.

    Raises: DefinitionError for kinds other than points.
    """
    stored = version_of(name, version)
    progress(0, 2, "reading history")
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        report = lint(parsed(stored), snapshot, now=now or timezone.now(), runner=runner)
    progress(2, 2, f"{len(report.findings)} findings")
    return {**report.as_json(), "version": stored.version, FINGERPRINT: fingerprint(stored.document)}


def newest_lint(version: ScoreDefinition) -> Found | None:
    return newest(TASK, version)
