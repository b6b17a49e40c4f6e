"""New customers by whether the campaign credited for them was paid for."""

from __future__ import annotations

import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.gained_by_campaign import credited_customers


def _paid(reading: Reading) -> ir.Table:
    """One row per customer: at (customer since), campaign_id of the last touch before, paid (it has media costs)."""
    gained = credited_customers(reading)
    costs = reading.lookup("costs", ["category", "campaign_id"])
    media = costs.filter((costs.category == "media") & costs.campaign_id.notnull())
    named = gained.left_join(media.select(_paid="campaign_id").distinct(), [("campaign_id", "_paid")])
    return plain(named.mutate(paid=named._paid.notnull()).drop("_paid"))


CREDITED_CUSTOMERS = Relation(
    name="credited_customers",
    grain="new customers",
    table="orders",
    needs=("campaigns", "costs.campaign_id"),
    needs_any=("orders", "deals", "contracts"),
    rows=_paid,
    dimensions={
        "campaign": column("campaign_id"),
        "channel": through("campaign_id", "campaigns", "channel"),
    },
    labels=("first_by", "contact_id", "account_id", "campaign_id"),
)
