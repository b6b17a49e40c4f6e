"""Work of marketing that is done in the background."""

from __future__ import annotations

from django.utils import timezone

from rapport.workspace.crm.marketing.machines import flag_machines
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task


@task("find_machines", retries=1)
def find_machines(progress: Progress, *, everything: bool = False) -> dict[str, int]:
    """Flag interactions that machines made; how many by rule."""
    progress.report(0, None, "looking for mail scanners and known agents")
    return flag_machines(now=timezone.now(), everything=everything)
