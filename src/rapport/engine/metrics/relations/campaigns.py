"""Campaigns that ran in a period."""

from __future__ import annotations

import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relation import Dating, Relation, column
from rapport.engine.metrics.windows import every_window


def _running(reading: Reading) -> ir.Table:
    """One row per campaign and period that it touches; parents, planned and cancelled ones left out."""
    campaigns = reading.table("campaigns", ["status", "started_at", "ended_at", "parent_campaign_id"])
    parents = campaigns.filter(campaigns.parent_campaign_id.notnull()).select(_parent="parent_campaign_id").distinct()
    leaves = campaigns.anti_join(parents, campaigns.id == parents._parent)
    begun = leaves.filter(leaves.started_at.notnull() & (~leaves.status.isin(["planned", "cancelled"])).fill_null(True))
    rows = every_window(begun.mutate(at=begun.started_at), reading.windows)
    runs = (rows["at"] < rows.stands_at) & (rows.ended_at.isnull() | (rows.ended_at > rows.window_start))
    return rows.filter(runs)


RUNNING_CAMPAIGNS = Relation(
    name="running_campaigns",
    grain="running campaigns",
    table="campaigns",
    needs=("campaigns.started_at",),
    rows=_running,
    dating=Dating.PER_PERIOD,
    dimensions={"channel": column("channel"), "campaign_type": column("type"), "owner": column("owner_id")},
    labels=("name", "channel", "ended_at"),
)
