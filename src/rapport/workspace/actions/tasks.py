"""Work of the actions that is done in the background."""

from __future__ import annotations

from django.utils import timezone

from rapport.workspace.actions.holdout_reports import report_all
from rapport.workspace.actions.realtime.midnight import begin_day
from rapport.workspace.actions.refresh import refresh as bring_up_to_date
from rapport.workspace.actions.work_list import build_work_list
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task


@task("refresh", retries=1)
def refresh(progress: Progress) -> dict[str, object]:
    """Lake, scores, work lists and dashboards."""
    done = bring_up_to_date(progress.report)
    return {
        "scores": {name: run.changed_count for name, run in done.runs.items()},
        "work_items": done.work_item_count,
        "dashboards": done.dashboard_count,
        "failed": done.failed,
    }


@task("work_list", retries=1)
def work_list(progress: Progress) -> dict[str, object]:
    """The work lists alone, from the scores as they are: wakes what was snoozed."""
    progress.report(0, 1, "building work lists")
    return {"work_items": build_work_list(now=timezone.now())}


@task("holdout_reports", retries=1)
def holdout_reports(progress: Progress) -> dict[str, object]:
    """What acting was worth, of every holdout whose windows are not all over."""
    progress.report(0, 1, "comparing those held out with the others")
    plans = report_all(now=timezone.now())
    return {plan.action: [e["verdict"]["word"] for e in (plan.report or {}).get("effects", [])] for plan in plans}


@task("midnight", retries=1)
def midnight(progress: Progress) -> dict[str, object]:
    """Scores as of the new local day, and the next crossings that decay will bring."""
    return begin_day(now=timezone.now(), progress=progress.report)
