"""Work of the segments that is done in the background."""

from __future__ import annotations

from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.workspace.metrics.segments.building import build, build_all
from rapport.workspace.metrics.segments.findings import find, measure_values
from rapport.workspace.metrics.segments.grouping import seek
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import task


@task("build_segments", retries=1)
def build_every(progress: Progress) -> dict[str, object]:
    """Build every segment, tell what its members are worth and what distinguishes them."""
    builds = build_all(progress=progress.report)
    _values()
    built = Segment.objects.filter(deleted_at__isnull=True, built_at__isnull=False)
    for done, segment in enumerate(built):
        progress.report(done, len(built), f"comparing {segment.title} with the rest")
        find(segment, now=timezone.now())
    return {"built": sum(not b.error for b in builds), "failed": sum(bool(b.error) for b in builds)}


@task("build_segment", retries=1)
def build_one(progress: Progress, *, segment: str) -> dict[str, object]:
    """Build one segment, and find what distinguishes it."""
    standing = Segment.objects.select_related("grouping").get(pk=segment)
    progress.report(0, 3, f"building {standing.title}")
    done = build(standing)
    progress.report(1, 3, "measuring")
    _values()
    progress.report(2, 3, "comparing with the rest")
    find(standing, now=timezone.now())
    return {"size": done.size, "entered": done.entered_count, "left": done.left_count}


@task("find_groups")
def find_groups(progress: Progress, *, subject: str, asked_by: str, count: int | None = None) -> dict[str, object]:
    """Seek groups that behave alike; the job's result names the grouping that was kept."""
    progress.report(0, 1, "looking for groups that behave alike")
    found = seek(subject=subject, by=asked_by, count=count)
    return {"grouping": found.pk, "groups": len(found.groups)}


def _values() -> None:
    """What members are worth is told where the data tell it."""
    try:
        measure_values(now=timezone.now())
    except RapportError:
        return
