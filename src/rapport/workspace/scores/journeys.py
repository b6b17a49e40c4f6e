"""The buyer's journey of a record: what it did, stage by stage, beside what buyers did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.scores.points.tally import LOOK_BACK_DAYS, tally_of
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.runs import READ_TABLES
from rapport.workspace.scores.suggestions import newest_suggestions, points_of

DAYS = LOOK_BACK_DAYS


@dataclass(frozen=True, kw_only=True)
class StageCount:
    """Interactions of a record in a stage, beside those of a buyer and of others on average (None: not counted yet)."""

    stage: str
    count: int
    buyers_mean: float | None
    others_mean: float | None


def journey(version: ScoreDefinition, subject_id: str, *, now: datetime | None = None) -> list[StageCount]:
    """How far a record has come: its interactions by stage in the last days, the earliest stage first."""
    definition = points_of(version)
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        view = as_known(snapshot, now or timezone.now())
        own = tally_of(definition, view, [subject_id], runner=runner)[subject_id]
    found = newest_suggestions(version)
    told = {s["stage"]: s for s in ((found.result.get("tally") or {}) if found else {}).get("stages", ())}
    return [
        StageCount(
            stage=stage,
            count=count,
            buyers_mean=told.get(stage, {}).get("buyers_mean"),
            others_mean=told.get(stage, {}).get("others_mean"),
        )
        for stage, count in own.items()
    ]
