"""Conversions: orders, refunds and won deals, each with the campaign that gets the credit."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dimension, Relation, column, through
from rapport.engine.metrics.relations.credit import last_campaigns
from rapport.engine.metrics.relations.sales import sales_rows
from rapport.engine.metrics.spec import UNATTRIBUTED

_COLUMNS = (
    *("id", "record", "conversion_id", "at", "contact_id", "account_id", "campaign_id", "channel", "currency"),
    *("amount", "amount_missing", "amount_unconverted", "is_conversion"),
)


def _conversions(reading: Reading) -> ir.Table:
    """One row per order, refund or won deal without an order of its own: amount, credit_id, credited.

    `credit_id` is the campaign of the last touch in the look-back before the purchase, or
    `unattributed`; a refund takes the credit of its order back.
    """
    parts = []
    if reading.has("orders"):
        sales = sales_rows(reading)
        parts.append(sales.mutate(conversion_id=sales.order_id, is_conversion=sales.is_order).select(*_COLUMNS))
    if reading.has("deals"):
        parts.append(_won_deals(reading).select(*_COLUMNS))
    rows = plain(ibis.union(*parts) if len(parts) > 1 else parts[0])
    if reading.wants("credit_id", "credited"):
        last = last_campaigns(rows.filter(rows.is_conversion), reading)
        joined = rows.left_join(last, [("conversion_id", "_conversion")]).drop("_conversion")
        rows = plain(joined.rename(last_campaign_id="_campaign"))
        rows = rows.mutate(
            credit_id=ibis.coalesce(rows.last_campaign_id, UNATTRIBUTED), credited=rows.last_campaign_id.notnull()
        )
    return rows.mutate(primary_id=ibis.coalesce(rows.campaign_id, UNATTRIBUTED), named=rows.campaign_id.notnull())


def _won_deals(reading: Reading) -> ir.Table:
    deals = reading.lookup(
        "deals", ["status", "closed_at", "contact_id", "account_id", "campaign_id", "amount", "currency"]
    )
    won = deals.filter((deals.status == "won") & deals.closed_at.notnull())
    if reading.has("orders"):
        ordered = reading.lookup("orders", ["deal_id"])
        ordered = ordered.filter(ordered.deal_id.notnull()).select(_deal="deal_id").distinct()
        won = won.anti_join(ordered, won.id == ordered._deal)
    won = won.mutate(
        at=won.closed_at,
        record=ibis.literal("deals"),
        conversion_id=won.id,
        channel=ibis.null().cast("string"),
        is_conversion=ibis.literal(value=True),
    )
    return converted(won, reading, dated_by="at")


def _dimensions(campaign: str, reference: str) -> dict[str, Dimension]:
    return {
        "campaign": column(campaign),
        "channel": through(reference, "campaigns", "channel"),
        "campaign_type": through(reference, "campaigns", "type"),
        "order_channel": column("channel"),
        "currency": column("currency"),
        "industry": through("account_id", "accounts", "industry"),
        "country": through("contact_id", "contacts", "country"),
    }


_LABELS = ("record", "amount", "currency", "contact_id", "account_id")

CONVERSIONS = Relation(
    name="conversions",
    grain="purchases",
    table="orders",
    needs=("campaigns",),
    needs_any=("orders", "deals"),
    rows=_conversions,
    dimensions=_dimensions("credit_id", "last_campaign_id"),
    labels=(*_LABELS, "credit_id"),
)
PRIMARY_CONVERSIONS = Relation(
    name="primary_conversions",
    grain="purchases",
    table="orders",
    needs=("campaigns",),
    needs_any=("orders", "deals"),
    rows=_conversions,
    dimensions=_dimensions("primary_id", "campaign_id"),
    labels=(*_LABELS, "primary_id"),
)
