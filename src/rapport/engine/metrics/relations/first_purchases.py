"""Customers by their first order, and the days on which customers bought."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.local_day import local_day
from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Dating, Relation
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.customers import CUSTOMER_DIMENSIONS, order_customers
from rapport.engine.metrics.relations.sales import placed_orders

WINDOW_DAYS = 365  # setting `repeat_window_days`
_LABELS = ("contact_id", "account_id")


def _by_first_order(reading: Reading) -> ir.Table:
    """One row per customer by the first order: at, came_again (within the window, 24 hours or more later), matured."""
    customers = order_customers(reading)
    until = customers.from_at + ibis.interval(days=reading.whole_number("repeat_window_days", WINDOW_DAYS))
    return customers.mutate(
        at=customers.from_at,
        came_again=(customers.again_at <= until).fill_null(False),
        matured=until <= moment(reading.view.at),
    )


def _purchase_days(reading: Reading) -> ir.Table:
    """One row per customer and local day with an order: from_at, is_first, is_repeat (any day but the first)."""
    orders = placed_orders(reading)
    bought = with_customer(plain(orders.filter(~orders.refunded)), reading)
    bought = bought.filter(bought.customer_id.notnull())
    dated = bought.mutate(day=local_day(bought["at"], reading.time_zone))
    days = dated.group_by("customer_id", "day").aggregate(
        id=dated.id.argmin(dated["at"]),
        from_at=dated["at"].min(),
        contact_id=dated.contact_id.argmin(dated["at"]),
        account_id=dated.account_id.argmin(dated["at"]),
    )
    first = days.day == days.day.min().over(ibis.window(group_by=days.customer_id))
    told = days.mutate(is_first=first, first_by=ibis.literal("order"), to_at=ibis.null().cast("timestamp('UTC', 6)"))
    return told.mutate(is_repeat=~told.is_first)


FIRST_ORDERS = Relation(
    name="first_orders",
    grain="customers with a first order",
    table="orders",
    needs=("orders",),
    rows=_by_first_order,
    dimensions=CUSTOMER_DIMENSIONS,
    labels=("again_at", *_LABELS),
)
PURCHASE_DAYS = Relation(
    name="purchase_days",
    grain="days with a purchase",
    table="orders",
    needs=("orders",),
    rows=_purchase_days,
    dating=Dating.STANDING,
    dimensions=CUSTOMER_DIMENSIONS,
    labels=_LABELS,
)
