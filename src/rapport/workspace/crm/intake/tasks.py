"""What the queue runs for imports."""

from __future__ import annotations

from rapport.workspace.crm.intake import importing, undo
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task


@task("check_import", retries=2)
def check_import(progress: Progress, *, import_id: str) -> dict[str, int]:
    """The dry run of a file."""
    return importing.check_import(import_id, progress.report)


@task("run_import", retries=2)
def run_import(progress: Progress, *, import_id: str) -> dict[str, int]:
    """Write a file's rows."""
    return importing.run_import(import_id, progress.report)


@task("undo_import", retries=2)
def undo_import(progress: Progress, *, import_id: str) -> dict[str, int]:
    """Undo an import."""
    return undo.undo_import(import_id, progress.report)
