"""Work of the scores that is done in the background."""

from __future__ import annotations

from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task
from rapport.workspace.scores.backtests import run_backtest
from rapport.workspace.scores.history import fill_in
from rapport.workspace.scores.runs import run_score


@task("run_score", retries=1)
def score(progress: Progress, *, name: str) -> dict[str, object]:
    """Run one live score now, and fill in its history where it has none."""
    run = run_score(name, progress=progress.report)
    filled = fill_in(name, progress=progress.report)
    return {"run": run.id, "scored": run.scored_count, "changed": run.changed_count, "filled_in": filled}


@task("backtest")
def backtest(progress: Progress, *, name: str, version: int) -> dict[str, object]:
    """Backtest a version and keep the report with it."""
    stored = run_backtest(name, version, progress=progress.report)
    return {"name": name, "version": stored.version, "verdict": (stored.backtest or {}).get("verdict")}
