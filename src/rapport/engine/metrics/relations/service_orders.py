"""Interactions with service, and the orders that followed each within days."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.sales import sales_rows
from rapport.engine.metrics.windows import in_windows

CLAIM_DAYS = 7  # setting `service_claim_days`
_SILENT = ("email_delivered", "email_open", "email_click", "email_bounce", "email_spam", "unsubscribe", "page_view")
_COLUMNS = ("type", "occurred_at", "direction", "queue", "case_id", "contact_id", "account_id", "channel", "owner_id")


def _interactions(reading: Reading) -> ir.Table:
    """One row per interaction with service: at, matured, amount of the orders it claims, orders_claimed.

    A customer's order is claimed by the last interaction in the days before it; its refunds lower the amount.
    `amount_missing` and `amount_unconverted` mark interactions with an order that has no amount, or no rate.
    """
    rows = service_interactions(reading)
    days = reading.whole_number("service_claim_days", CLAIM_DAYS)
    claimed = _claims(rows, reading, days)
    joined = plain(rows.left_join(claimed, [("id", "_claimant")]).drop("_claimant"))
    return joined.mutate(
        matured=joined["at"] + ibis.interval(days=days) <= moment(reading.view.at),
        amount=joined.amount.fill_null(ibis.literal(0).cast(MONEY_SUM)),
        orders_claimed=joined.orders_claimed.fill_null(0),
        amount_missing=joined.amount_missing.fill_null(False),
        amount_unconverted=joined.amount_unconverted.fill_null(False),
    )


def service_interactions(reading: Reading) -> ir.Table:
    """One row per interaction about a case or through a service queue, with its customer: at, customer_id."""
    rows = reading.lookup("interactions", _COLUMNS)
    mine = rows.filter(
        (rows.queue.notnull() | rows.case_id.notnull())
        & ~rows["type"].isin(list(_SILENT))
        & (rows.direction != "internal").fill_null(True)
    )
    kept = plain(without_flagged(mine, reading.view))
    return with_customer(kept.mutate(at=kept.occurred_at), reading)


def _claims(interactions: ir.Table, reading: Reading, days: int) -> ir.Table:
    """One row per interaction with orders: _claimant, amount, amount_missing, amount_unconverted, orders_claimed."""
    orders = with_customer(reading.lookup("orders", ["contact_id", "account_id", "ordered_at"]), reading)
    placed = orders.select(_order="id", _buyer="customer_id", _ordered_at="ordered_at")
    served = interactions.select(_claimant="id", _served="customer_id", _served_at="at")
    met = placed.join(served, [("_buyer", "_served")])
    since = met._ordered_at - ibis.interval(days=days)
    inside = met.filter((met._served_at <= met._ordered_at) & (met._served_at >= since))
    last = ibis.row_number().over(group_by=inside._order, order_by=[inside._served_at.desc(), inside._claimant.desc()])
    claims = inside.mutate(_last=last).filter(lambda t: t._last == 0).select("_order", "_claimant")
    sales = sales_rows(reading).select("order_id", "amount", "amount_missing", "amount_unconverted", "is_order")
    joined = sales.join(claims, [("order_id", "_order")]).drop("_order").mutate(order_id=lambda t: t.order_id)
    return joined.group_by("_claimant").aggregate(
        amount=joined.amount.cast(MONEY_SUM).sum(),
        amount_missing=joined.amount_missing.any(),
        amount_unconverted=joined.amount_unconverted.any(),
        orders_claimed=joined.count(where=joined.is_order),
    )


def _served(reading: Reading) -> ir.Table:
    """One row per interaction and period: a customer's net revenue of the period stands with their first one of it."""
    rows = plain(in_windows(service_interactions(reading), reading.windows))
    order = ibis.row_number().over(group_by=[rows.period, rows.customer_id], order_by=[rows["at"], rows.id])
    rows = rows.mutate(_first=(order == 0) & rows.customer_id.notnull())
    sales = plain(in_windows(with_customer(sales_rows(reading), reading), reading.windows))
    spent = sales.group_by(_number=sales.period, _buyer=sales.customer_id).aggregate(
        amount=sales.amount.cast(MONEY_SUM).sum(),
        amount_missing=sales.amount_missing.any(),
        amount_unconverted=sales.amount_unconverted.any(),
    )
    joined = rows.left_join(spent, [("period", "_number"), ("customer_id", "_buyer"), rows._first])
    return plain(joined.drop("_number", "_buyer", "_first"))


_DIMENSIONS: dict[str, Dimension] = {
    "channel": column("channel"),
    "queue": column("queue"),
    "agent": column("owner_id"),
    "team": through("owner_id", "users", "team_id"),
    "country": through("contact_id", "contacts", "country"),
}
SERVICE_INTERACTIONS = Relation(
    name="service_interactions",
    grain="service interactions",
    table="interactions",
    needs=("interactions.queue", "orders"),
    rows=_interactions,
    dimensions=_DIMENSIONS,
    labels=("type", "queue", "contact_id", "owner_id", "orders_claimed"),
)
SERVED_CUSTOMERS = Relation(
    name="served_customers",
    grain="service interactions",
    table="interactions",
    needs=("interactions.queue", "orders"),
    rows=_served,
    dating=Dating.PER_PERIOD,
    dimensions=_DIMENSIONS,
    labels=("type", "queue", "contact_id", "owner_id"),
)
