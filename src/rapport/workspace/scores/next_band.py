"""What would lift a subject to the next band of a live score."""

from __future__ import annotations

from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.scores.points.next_band import NextBand, next_band
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.definitions import parsed, version_of
from rapport.workspace.scores.runs import READ_TABLES


def next_band_of(name: str, subject_id: str) -> NextBand | None:
    """The next band and the ways there, as of now; None in the top band, without a value, or for other kinds."""
    definition = parsed(version_of(name))
    if not isinstance(definition, PointsDefinition):
        return None
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        return next_band(definition, as_known(snapshot, timezone.now()), subject_id=subject_id, runner=runner)
