"""Conversions: orders, refunds and won deals, each with the campaign that gets the credit."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.attribution.last import last_campaigns
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dimension, Relation, column, through
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.sales import sales_rows
from rapport.engine.metrics.spec import UNATTRIBUTED

_COLUMNS = (
    *("id", "record", "conversion_id", "at", "contact_id", "account_id", "deal_id", "campaign_id", "channel"),
    *("currency", "amount", "amount_missing", "amount_unconverted", "is_conversion"),
)


def conversions(reading: Reading) -> ir.Table:
    """One row per order, refund or won deal without an order of its own: amount in base currency, is_conversion.

    `conversion_id` is that of the purchase; a refund has that of its order and a negative amount.
    """
    parts = []
    if reading.has("orders"):
        sales = sales_rows(reading)
        parts.append(sales.mutate(conversion_id=sales.order_id, is_conversion=sales.is_order).select(*_COLUMNS))
    if reading.has("deals"):
        parts.append(_won_deals(reading).select(*_COLUMNS))
    return plain(ibis.union(*parts) if len(parts) > 1 else parts[0])


def purchases(rows: ir.Table, reading: Reading) -> ir.Table:
    """The conversions without their refunds, with customer_id; those of nobody are left out."""
    bought = with_customer(plain(rows.filter(rows.is_conversion)), reading)
    return bought.filter(bought.customer_id.notnull())


def _credited(days: int | None = None) -> Callable[[Reading], ir.Table]:
    """Rows with the credit of the last campaign in a look-back of so many days, else that of the setting."""

    def rows_of(reading: Reading) -> ir.Table:
        """One row per conversion: credit_id, credited.

        `credit_id` is the campaign of the last touch in the look-back before the purchase, or
        `unattributed`; a refund takes the credit of its order back.
        """
        rows = conversions(reading)
        if reading.wants("credit_id", "credited", "last_campaign_id"):
            last = last_campaigns(purchases(rows, reading), reading, days=days)
            joined = rows.left_join(last, [("conversion_id", "_conversion")]).drop("_conversion")
            rows = plain(joined.rename(last_campaign_id="_campaign"))
            rows = rows.mutate(
                credit_id=ibis.coalesce(rows.last_campaign_id, UNATTRIBUTED), credited=rows.last_campaign_id.notnull()
            )
        return rows.mutate(primary_id=ibis.coalesce(rows.campaign_id, UNATTRIBUTED), named=rows.campaign_id.notnull())

    return rows_of


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
        deal_id=won.id,
        channel=ibis.null().cast("string"),
        is_conversion=ibis.literal(value=True),
    )
    return converted(won, reading, dated_by="at")


def conversion_dimensions(campaign: str, reference: str) -> dict[str, Dimension]:
    """Parameters: campaign, the column shown; reference, that with the campaign's id, null where there is none."""
    return {
        "campaign": column(campaign),
        "channel": through(reference, "campaigns", "channel"),
        "campaign_type": through(reference, "campaigns", "type"),
        "order_channel": column("channel"),
        "currency": column("currency"),
        "industry": through("account_id", "accounts", "industry"),
        "country": through("contact_id", "contacts", "country"),
    }


CONVERSION_LABELS = ("record", "amount", "currency", "contact_id", "account_id")


def _relation(name: str, rows: Callable[[Reading], ir.Table], campaign: str, reference: str) -> Relation:
    return Relation(
        name=name,
        grain="purchases",
        table="orders",
        needs=("campaigns",),
        needs_any=("orders", "deals"),
        rows=rows,
        dimensions=conversion_dimensions(campaign, reference),
        labels=(*CONVERSION_LABELS, campaign),
    )


CONVERSIONS = _relation("conversions", _credited(), "credit_id", "last_campaign_id")
CONVERSIONS_7_DAYS = _relation("conversions_7_days", _credited(7), "credit_id", "last_campaign_id")
CONVERSIONS_90_DAYS = _relation("conversions_90_days", _credited(90), "credit_id", "last_campaign_id")
PRIMARY_CONVERSIONS = _relation("primary_conversions", _credited(), "primary_id", "campaign_id")
