"""Visits of deals to stages."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, elapsed
from rapport.engine.metrics.relation import Dimension, Relation, column, through
from rapport.engine.metrics.relations.then import known_entries


def _visits(reading: Reading) -> ir.Table:
    """One row per visit that ended: at (when it was left), deal_id, stage, days. Re-entry is another visit.

    Where wanted: total_days, of all visits of the deal to the stage, and is_last, of the last of them.
    """
    visits = every_visit(reading)
    visits = visits.mutate(days=elapsed(visits.entered_at, visits.left_at, unit="days"))
    visits = visits.mutate(in_order=(visits.days >= 0).fill_null(False))
    if reading.wants("total_days", "is_last"):
        stay = ibis.window(group_by=[visits.deal_id, visits.stage])
        visits = visits.mutate(
            total_days=visits.days.sum(where=visits.in_order).over(stay),
            is_last=visits.entered_at == visits.entered_at.max().over(stay),
        )
    left = visits.filter(visits.left_at.notnull())
    return left.mutate(at=left.left_at)


def every_visit(reading: Reading) -> ir.Table:
    """One row per visit, ended or not: id, deal_id, stage, entered_at, left_at."""
    return _recorded(reading) if reading.has("deal_stage_visits") else _from_history(reading)


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


VISIT_DIMENSIONS: dict[str, Dimension] = {
    "stage": column("stage"),
    "deal": column("deal_id"),
    "owner": through("deal_id", "deals", "owner_id"),
    "pipeline": through("deal_id", "deals", "pipeline"),
    "type": through("deal_id", "deals", "type"),
}
STAGE_VISITS = Relation(
    name="stage_visits",
    grain="stage visits",
    table="deal_stage_visits",
    needs=("deals",),
    needs_any=("deal_stage_visits", "attribute_history"),
    rows=_visits,
    dimensions=VISIT_DIMENSIONS,
    labels=("deal_id", "stage", "entered_at"),
)
