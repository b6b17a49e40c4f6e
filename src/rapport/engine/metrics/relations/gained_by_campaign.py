"""New customers, with the campaign credited for their first purchase and those that touched them before it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.attribution.last import last_campaigns
from rapport.engine.metrics.attribution.paths import touched_before
from rapport.engine.metrics.attribution.touches import touches
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dimension, Relation, column, through
from rapport.engine.metrics.relations.customers import CUSTOMERS_GAINED
from rapport.engine.metrics.spec import UNATTRIBUTED


def _gained(reading: Reading) -> ir.Table:
    return plain(CUSTOMERS_GAINED.rows(reading)).drop("from_at", "to_at")


def credited_customers(reading: Reading) -> ir.Table:
    """One row per customer: at (customer since), campaign_id of the last touch before (null without), credit_id,
    credited."""
    gained = _gained(reading)
    last = last_campaigns(gained.mutate(conversion_id=gained.id), reading)
    joined = plain(gained.left_join(last, [("id", "_conversion")]).drop("_conversion").rename(campaign_id="_campaign"))
    return joined.mutate(
        credit_id=ibis.coalesce(joined.campaign_id, UNATTRIBUTED), credited=joined.campaign_id.notnull()
    )


def _influenced(reading: Reading) -> ir.Table:
    """One row per customer and campaign that touched them in the look-back before the first purchase: at, campaign_id.

    Customers whom none touched have one row without a campaign.
    """
    gained = _gained(reading)
    before = touched_before(gained.select("customer_id", "at", conversion_id="id"), touches(reading), reading)
    met = before.select(_conversion="conversion_id", _campaign="campaign_id").distinct()
    joined = gained.left_join(met, [("id", "_conversion")]).drop("_conversion")
    rows = plain(joined.rename(campaign_id="_campaign"))
    return rows.mutate(influenced=rows.campaign_id.notnull())


def _dimensions(campaign: str) -> dict[str, Dimension]:
    return {
        "campaign": column(campaign),
        "channel": through("campaign_id", "campaigns", "channel"),
        "campaign_type": through("campaign_id", "campaigns", "type"),
        "industry": through("account_id", "accounts", "industry"),
        "country": through("contact_id", "contacts", "country"),
    }


_LABELS = ("first_by", "contact_id", "account_id", "campaign_id")

GAINED_BY_CAMPAIGN = Relation(
    name="gained_by_campaign",
    grain="new customers",
    table="orders",
    needs=("campaigns",),
    needs_any=("orders", "deals", "contracts"),
    rows=credited_customers,
    dimensions=_dimensions("credit_id"),
    labels=_LABELS,
)
INFLUENCED_CUSTOMERS = Relation(
    name="influenced_customers",
    grain="new customers and campaigns",
    table="orders",
    needs=("campaigns",),
    needs_any=("orders", "deals", "contracts"),
    rows=_influenced,
    dimensions=_dimensions("campaign_id"),
    labels=_LABELS,
)
