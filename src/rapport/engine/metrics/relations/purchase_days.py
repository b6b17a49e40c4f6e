"""Purchases by customer and local day: what lifetimes are told from, for every period's end at once."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.local_day import local_day
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.sales import placed_orders, refund_rows

_COLUMNS = ("id", "contact_id", "account_id", "at", "amount", "currency", "margin", "is_purchase")


def purchase_days(reading: Reading, *, margins: bool) -> ir.Table:
    """One row per customer and local day with a purchase or a refund.

    Columns: customer_id, day, purchases (orders, or won deals where there are no orders), priced (of those, with a
    known amount), spent (base currency, refunds taken off on the day they were given), margin and margin_of
    (margins, and the amounts of the orders that tell one; 0 where `margins` is false). Orders that were cancelled or
    refunded in full are none.
    """
    rows = _orders(reading, margins=margins) if reading.has("orders") else _deals(reading)
    rows = converted(plain(rows), reading, dated_by="at")
    if margins:
        rows = converted(plain(rows), reading, dated_by="at", amount="margin")
    rows = with_customer(plain(rows), reading)
    rows = rows.filter(rows.customer_id.notnull() & rows["at"].notnull())
    told = rows.mutate(day=local_day(rows["at"], reading.time_zone), priced=rows.is_purchase & rows.amount.notnull())
    known = told.margin.notnull() & told.amount.notnull()
    return told.group_by("customer_id", "day").aggregate(
        purchases=told.is_purchase.cast("int64").sum(),
        priced=told.priced.cast("int64").sum(),
        spent=told.amount.sum().cast("float64"),
        margin=told.margin.sum(where=known).cast("float64"),
        margin_of=told.amount.sum(where=known).cast("float64"),
    )


def _orders(reading: Reading, *, margins: bool) -> ir.Table:
    orders = placed_orders(reading)
    orders = orders.filter(~orders.refunded)
    if margins:
        own = reading.lookup("orders", ["margin"]).select(_order="id", margin="margin")
        orders = plain(orders.left_join(own, [("id", "_order")]).drop("_order"))
    else:
        orders = orders.mutate(margin=ibis.null().cast(MONEY_SUM))
    rows = orders.mutate(is_purchase=ibis.literal(value=True), margin=orders.margin.cast(MONEY_SUM))
    rows = rows.mutate(amount=rows.amount.cast(MONEY_SUM))
    if not reading.has("refunds"):
        return rows.select(*_COLUMNS)
    back = refund_rows(plain(orders.mutate(amount=orders.amount.cast(MONEY_SUM))), reading)
    # a refund takes as much off the margin as off the amount, where a margin is known
    taken = ibis.ifelse(back.margin.notnull(), back.amount, ibis.null().cast(MONEY_SUM))
    back = back.mutate(is_purchase=ibis.literal(value=False), margin=taken)
    return rows.select(*_COLUMNS).union(back.select(*_COLUMNS))


def _deals(reading: Reading) -> ir.Table:
    deals = reading.lookup("deals", ["contact_id", "account_id", "status", "closed_at", "amount", "currency"])
    won = deals.filter((deals.status == "won") & deals.closed_at.notnull())
    rows = won.mutate(
        at=won.closed_at,
        amount=won.amount.cast(MONEY_SUM),
        margin=ibis.null().cast(MONEY_SUM),
        is_purchase=ibis.literal(value=True),
    )
    return rows.select(*_COLUMNS)
