"""Work of the dashboards that is done in the background."""

from __future__ import annotations

from django.utils import timezone

from rapport.workspace.metrics.boards.mailing import deliver_due
from rapport.workspace.pages.dashboards.letters import letters
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task


@task("send_dashboards", retries=1)
def send_dashboards(progress: Progress) -> dict[str, int]:
    """Send the dashboards that are due."""
    progress.report(0, 1, "sending dashboards")
    return deliver_due(letters, now=timezone.now())
