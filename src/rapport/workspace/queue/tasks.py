"""What the queue does for itself in the background."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from rapport.workspace.queue.jobs import forget_ended
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task

KEPT = timedelta(days=30)


@task("forget_jobs", retries=1)
def forget_jobs(progress: Progress) -> dict[str, int]:
    """Delete jobs that ended more than 30 days ago."""
    progress.report(0, 1, "forgetting old jobs")
    return {"jobs": forget_ended(before=timezone.now() - KEPT)}
