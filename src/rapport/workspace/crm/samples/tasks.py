"""Work of the samples that is done in the background."""

from __future__ import annotations

from rapport.workspace.crm.samples.removing import remove_sample
from rapport.workspace.queue.jobs import enqueue
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task


@task("remove_sample", retries=1)
def remove(progress: Progress) -> dict[str, object]:
    """Remove the sample that is loaded, then compute anew what is left."""
    progress.report(0, 1, "Removing the sample data")
    outcome = remove_sample()
    progress.report(1, 1, "Removed")
    enqueue("refresh", once=True)
    return {"removed": outcome.removed, "kept": outcome.kept}
