"""Visits of deals to stages."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, elapsed
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.then import known_entries


def _visits(reading: Reading) -> ir.Table:
    """One row per visit that ended: at (when it was left), deal_id, stage, days. Re-entry is another visit."""
    visits = _recorded(reading) if reading.has("deal_stage_visits") else _from_history(reading)
    left = visits.filter(visits.left_at.notnull())
    timed = left.mutate(at=left.left_at, days=elapsed(left.entered_at, left.left_at, unit="days"))
    return timed.mutate(in_order=(timed.days >= 0).fill_null(False))


def _recorded(reading: Reading) -> ir.Table:
    return reading.lookup("deal_stage_visits", ["deal_id", "stage", "entered_at", "left_at"])


def _from_history(reading: Reading) -> ir.Table:
    """From the recorded values of `deal.stage`: a value lasts until the next one."""
    entries = known_entries(reading, "deals", ["stage"])
    return entries.filter(entries.value.notnull()).select(
        id=entries.id + ":" + ibis.coalesce(entries.value, "") + ":" + entries.valid_from.cast("string"),
        deal_id=entries.id,
        stage=entries.value,
        entered_at=entries.valid_from,
        left_at=entries.valid_to,
    )


STAGE_VISITS = Relation(
    name="stage_visits",
    grain="stage visits",
    table="deal_stage_visits",
    needs=("deals",),
    needs_any=("deal_stage_visits", "attribute_history"),
    rows=_visits,
    dimensions={
        "stage": column("stage"),
        "deal": column("deal_id"),
        "owner": through("deal_id", "deals", "owner_id"),
        "pipeline": through("deal_id", "deals", "pipeline"),
        "type": through("deal_id", "deals", "type"),
    },
    labels=("deal_id", "stage", "entered_at"),
)
