"""Work of the metrics that is done in the background."""

from __future__ import annotations

from django.utils import timezone

from rapport.workspace.metrics.dashboards import warm
from rapport.workspace.metrics.exports.days import DAYS, is_kept, keep_days
from rapport.workspace.metrics.forecasts.keeping import keep_forecasts
from rapport.workspace.metrics.goals.keeping import refresh_goals
from rapport.workspace.metrics.kept_rows import keep_rows
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task


@task("keep_metric_rows", retries=1)
def keep_metric_rows(progress: Progress) -> dict[str, object]:
    """The rows that dashboards read, where data have come in, and the dashboards that people look at."""
    progress.report(0, 2, "keeping the rows of metrics")
    if not keep_rows(now=timezone.now()):
        return {"made": False}
    progress.report(1, 2, "computing dashboards")
    return {"made": True, "dashboards": warm()}


@task("goals", retries=1)
def goals(progress: Progress) -> dict[str, object]:
    """How every goal stands today; tells of those that slip."""
    return {"goals": refresh_goals(progress=progress.report)}


@task("forecasts", retries=1)
def forecasts(progress: Progress) -> dict[str, object]:
    """Today's forecasts, kept as they are."""
    progress.report(0, 1, "forecasting")
    kept = keep_forecasts(now=timezone.now())
    return {"rows": kept.rows, "failed": kept.failed}


@task("keep_metric_days", retries=1)
def keep_metric_days(progress: Progress) -> dict[str, object]:
    """Metrics by day for other tools, where they have been asked for (`rapport export`)."""
    return {"days": keep_days(now=timezone.now(), days=DAYS, progress=progress.report) if is_kept() else 0}
