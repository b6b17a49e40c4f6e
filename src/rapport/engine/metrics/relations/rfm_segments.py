"""Customers with their RFM segment, each group beside the whole it is a part of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relation import Relation
from rapport.engine.metrics.relations.valued_customers import VALUED_CUSTOMERS

_OWN = "dim_rfm_segment"


def _segmented(reading: Reading) -> ir.Table:
    """One row per period and customer with a purchase by its end: rfm_segment."""
    rows = VALUED_CUSTOMERS.rows(replace(reading, wanted=reading.wanted | {"rfm_segment"}))
    return rows.filter(rows.rfm_segment.notnull())


def _beside_the_whole(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """`whole`: of a group, adds up to the customers of all segments with the same other dimension values."""
    others = [name for name in dimensions if name != _OWN]
    everybody = rows.count().over(ibis.window(group_by=["period", *others]))
    group = rows.count().over(ibis.window(group_by=["period", *dimensions]))
    return rows.mutate(whole=everybody.cast("float64") / group.cast("float64"))


RFM_SEGMENTS = Relation(
    name="rfm_segments",
    grain="customers with a purchase",
    table="orders",
    needs_any=("orders", "deals"),
    rows=_segmented,
    dating=VALUED_CUSTOMERS.dating,
    dimensions=VALUED_CUSTOMERS.dimensions,
    labels=VALUED_CUSTOMERS.labels,
    fold=_beside_the_whole,
)
