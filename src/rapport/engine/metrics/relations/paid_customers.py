"""New customers, and the campaign that gets the credit for their first purchase."""

from __future__ import annotations

import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.credit import last_campaigns
from rapport.engine.metrics.relations.customers import CUSTOMERS_GAINED


def _credited(reading: Reading) -> ir.Table:
    """One row per customer: at (customer since), campaign_id of the last touch before, paid (it has media costs)."""
    gained = plain(CUSTOMERS_GAINED.rows(reading)).drop("from_at", "to_at")
    last = last_campaigns(gained.mutate(conversion_id=gained.id), reading)
    joined = plain(gained.left_join(last, [("id", "_conversion")]).drop("_conversion").rename(campaign_id="_campaign"))
    costs = reading.lookup("costs", ["category", "campaign_id"])
    media = costs.filter((costs.category == "media") & costs.campaign_id.notnull())
    named = joined.left_join(media.select(_paid="campaign_id").distinct(), [("campaign_id", "_paid")])
    return plain(named.mutate(paid=named._paid.notnull(), credited=named.campaign_id.notnull()).drop("_paid"))


CREDITED_CUSTOMERS = Relation(
    name="credited_customers",
    grain="new customers",
    table="orders",
    needs=("campaigns", "costs.campaign_id"),
    needs_any=("orders", "deals", "contracts"),
    rows=_credited,
    dimensions={
        "campaign": column("campaign_id"),
        "channel": through("campaign_id", "campaigns", "channel"),
    },
    labels=("first_by", "contact_id", "account_id", "campaign_id"),
)
