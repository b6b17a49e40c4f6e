"""Groups that behave alike: sought in the background, looked at, and made segments of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.metrics.segments.clusters import find_groups
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.segments.building import READ_TABLES
from rapport.workspace.metrics.segments.definitions import create_group
from rapport.workspace.metrics.segments.models import Grouping, Segment


def seek(*, subject: str, by: str, count: int | None = None, as_of: datetime | None = None) -> Grouping:
    """Seek groups among contacts or accounts, and keep what was found, or why there are none.

    Parameters: count, so many groups; None chooses.
    """
    at = as_of or timezone.now()
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        found = find_groups(as_known(snapshot, at), subject=subject, runner=runner, k=count)
    return Grouping.objects.create(
        subject=subject,
        as_of=at,
        names=list(found.names),
        model=found.model.to_document() if found.model else None,
        groups=[asdict(group) for group in found.groups],
        tried=[asdict(tried) for tried in found.tried],
        reason=found.reason,
        active_count=found.active,
        sampled_count=found.sampled,
        created_by=by,
    )


def adopt(grouping: Grouping, numbers: Iterable[int], *, titles: dict[int, str], by: str) -> list[Segment]:
    """Make segments of some groups, with the names given, else those proposed."""
    groups = {group["number"]: group for group in grouping.groups}
    return [
        create_group(
            grouping,
            number,
            title=titles.get(number, "").strip() or groups[number]["name"],
            description=groups[number]["description"],
            by=by,
        )
        for number in sorted(set(numbers))
        if number in groups
    ]
