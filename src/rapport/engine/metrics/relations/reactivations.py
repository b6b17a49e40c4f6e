"""Customers who came back after they had been lost."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relation import Relation
from rapport.engine.metrics.relations.customers_at_start import CURRENT_CUSTOMERS
from rapport.engine.metrics.relations.stays import stays


def _returned(reading: Reading) -> ir.Table:
    """One row per stay that began after the customer's stay before had ended: at, away_since.

    A buyer who signs a contract while the activity window runs was never lost.
    """
    every = stays(reading)
    before = every.to_at.lag().over(ibis.window(group_by=every.customer_id, order_by=[every.from_at, every.by]))
    dated = every.mutate(at=every.from_at, away_since=before)
    return dated.filter(dated.away_since.notnull() & (dated.away_since < dated["at"]))


RETURNS = Relation(
    name="customers_returned",
    grain="customers who came back",
    table="orders",
    needs_any=("orders", "deals", "contracts"),
    rows=_returned,
    dimensions=CURRENT_CUSTOMERS.dimensions,
    labels=("by", "away_since", "account_id", "contact_id"),
)
