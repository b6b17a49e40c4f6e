"""Work of the scores that is done in the background."""

from __future__ import annotations

from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task
from rapport.workspace.scores.backtests import run_backtest
from rapport.workspace.scores.history import fill_in
from rapport.workspace.scores.lint import run_lint
from rapport.workspace.scores.monitoring import monitor, monitor_all
from rapport.workspace.scores.runs import run_score
from rapport.workspace.scores.suggestions import run_suggestions


@task("run_score", retries=1)
def run(progress: Progress, *, score: str) -> dict[str, object]:
    """Run one live score now, and fill in its history where it has none."""
    done = run_score(score, progress=progress.report)
    filled = fill_in(score, progress=progress.report)
    return {"run": done.id, "scored": done.scored_count, "changed": done.changed_count, "filled_in": filled}


@task("backtest")
def backtest(progress: Progress, *, score: str, version: int) -> dict[str, object]:
    """Backtest a version and keep the report with it."""
    stored = run_backtest(score, version, progress=progress.report)
    return {"score": score, "version": stored.version, "verdict": (stored.backtest or {}).get("verdict")}


@task("monitor", retries=1)
def watch(progress: Progress, *, score: str = "") -> dict[str, object]:
    """Look at a live score, or at all of them, and keep what was found."""
    checks = [monitor(score, progress=progress.report)] if score else monitor_all(progress=progress.report)
    return {check.score: check.level for check in checks}


@task("lint_score")
def lint(progress: Progress, *, score: str, version: int) -> dict[str, object]:
    """Lint a version; the job's result is the report."""
    return run_lint(score, version, progress=progress.report)


@task("suggest_points")
def suggest(progress: Progress, *, score: str, version: int) -> dict[str, object]:
    """Suggest points for a version; the job's result is what is suggested."""
    return run_suggestions(score, version, progress=progress.report)
