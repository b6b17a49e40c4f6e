"""What is done for the lake in the background."""

from __future__ import annotations

from rapport.workspace.crm.lake.engines import clear_spill
from rapport.workspace.crm.lake.publishing import publish as publish_rows
from rapport.workspace.crm.lake.upkeep import compact, take_out_withdrawn, vacuum
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task


@task("publish", retries=3)
def publish(progress: Progress) -> dict[str, int]:
    """Bring every committed row into the lake, and sort what became fragmented by it. Gives the rows by table."""
    progress.report(0, None, "publishing records")
    published = publish_rows(checkpoint=lambda _step: progress.report(0, None, "publishing records"))
    compact(tables=published.rows, checkpoint=lambda _step: progress.report(0, None, "sorting the lake"))
    return dict(published.rows)


@task("lake_upkeep", retries=3)
def lake_upkeep(progress: Progress) -> dict[str, int]:
    """Take out what was withdrawn, sort what has become fragmented, delete the files that nobody uses any more."""
    progress.report(0, 3, "taking out withdrawn rows")
    taken_out = take_out_withdrawn(checkpoint=lambda _step: progress.report(0, 3, "taking out withdrawn rows"))
    progress.report(1, 3, "sorting the lake")
    sorted_ = compact(checkpoint=lambda _step: progress.report(1, 3, "sorting the lake"))
    progress.report(2, 3, "deleting files out of use")
    deleted = vacuum() + clear_spill()
    progress.report(3, 3, "in order")
    return {"taken_out_rows": taken_out, "sorted_files": sum(sorted_.parts.values()), "deleted_files": deleted}
