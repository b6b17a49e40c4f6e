"""Bringing everything up to date, in the order in which it flows: lake, scores, work lists, dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.workspace.actions.work_list import build_work_list
from rapport.workspace.crm.lake import publish
from rapport.workspace.metrics.dashboards import warm
from rapport.workspace.scores.definitions import live_definitions
from rapport.workspace.scores.history import fill_in
from rapport.workspace.scores.models import ScoreRun
from rapport.workspace.scores.runs import Progress, quiet, run_score


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh did: runs by score, open work items, dashboards computed, and scores that failed, with why."""

    runs: dict[str, ScoreRun]
    work_item_count: int
    dashboard_count: int
    failed: dict[str, str]


def refresh(progress: Progress = quiet, *, now: datetime | None = None) -> Refreshed:
    """Publish the lake, run every live score, build the work lists, warm the dashboards; safe to run again.

    A score that fails does not hold up the others; it is in `failed`.
    """
    names = [version.name or "" for version in live_definitions()]
    total = len(names) + 3
    progress(0, total, "publishing records")
    publish()
    at = now or timezone.now()
    runs, failed = _scores(names, at=at, total=total, progress=progress)
    progress(total - 2, total, "building work lists")
    work_items = build_work_list(now=at)
    progress(total - 1, total, "computing dashboards")
    dashboards = warm(now=at)
    progress(total, total, "up to date")
    return Refreshed(runs=runs, work_item_count=work_items, dashboard_count=dashboards, failed=failed)


def _scores(
    names: list[str], *, at: datetime, total: int, progress: Progress
) -> tuple[dict[str, ScoreRun], dict[str, str]]:
    runs: dict[str, ScoreRun] = {}
    failed: dict[str, str] = {}
    for done, name in enumerate(names, start=1):
        progress(done, total, f"scoring {name}")
        try:
            runs[name] = run_score(name, as_of=at)
            fill_in(name)
        except RapportError as error:
            failed[name] = error.sentence
    return runs, failed
