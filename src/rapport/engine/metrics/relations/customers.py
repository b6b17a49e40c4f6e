"""Customers: since when, and since when they are repeat customers."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.sales import placed_orders

_MERGE_HOURS = 24
WHOSE: dict[str, Dimension] = {  # of any rows that name a customer's account and contact
    "account": column("account_id"),
    "industry": through("account_id", "accounts", "industry"),
    "account_country": through("account_id", "accounts", "country"),
    "owner": through("account_id", "accounts", "owner_id"),
    "country": through("contact_id", "contacts", "country"),
    "source": through("contact_id", "contacts", "lead_source"),
}
CUSTOMER_DIMENSIONS: dict[str, Dimension] = {"first_by": column("first_by"), **WHOSE}


def beginnings(reading: Reading) -> ir.Table:
    """One row per purchase not refunded in full, won deal or started contract: customer_id, at, by, who."""
    parts = []
    if reading.has("orders"):
        orders = placed_orders(reading)
        parts.append(_part(orders.filter(~orders.refunded), "order", "at"))
    if reading.has("deals"):
        deals = reading.lookup("deals", ["contact_id", "account_id", "status", "closed_at"])
        parts.append(_part(deals.filter(deals.status == "won"), "deal", "closed_at"))
    if reading.has("contracts"):
        contracts = reading.lookup("contracts", ["contact_id", "account_id", "started_at"])
        parts.append(_part(contracts, "contract", "started_at"))
    rows = with_customer(ibis.union(*parts) if len(parts) > 1 else parts[0], reading)
    return rows.filter(rows.customer_id.notnull() & rows["at"].notnull())


def _part(rows: ir.Table, by: str, at: str) -> ir.Table:
    return rows.select("id", "contact_id", "account_id", at=rows[at], by=ibis.literal(by))


def _customers(reading: Reading) -> ir.Table:
    """One row per customer: at and from_at (customer since), to_at null."""
    begun = beginnings(reading)
    first = begun.group_by("customer_id").aggregate(
        at=begun["at"].min(),
        first_by=begun.by.argmin(begun["at"]),
        contact_id=begun.contact_id.argmin(begun["at"]),
        account_id=begun.account_id.argmin(begun["at"]),
    )
    return first.mutate(id=first.customer_id, from_at=first["at"], to_at=ibis.null().cast("timestamp('UTC', 6)"))


def order_customers(reading: Reading) -> ir.Table:
    """One row per customer with an order: from_at (first order), again_at (first order 24 hours or more later)."""
    orders = placed_orders(reading)
    bought = with_customer(orders.filter(~orders.refunded), reading)
    bought = bought.filter(bought.customer_id.notnull())
    first = bought["at"].min().over(ibis.window(group_by=bought.customer_id))
    dated = bought.mutate(first_at=first)
    later = dated["at"] >= dated.first_at + ibis.interval(hours=_MERGE_HOURS)
    customers = dated.group_by("customer_id").aggregate(
        from_at=dated["at"].min(),
        again_at=dated["at"].min(where=later),
        contact_id=dated.contact_id.argmin(dated["at"]),
        account_id=dated.account_id.argmin(dated["at"]),
    )
    return customers.mutate(
        id=customers.customer_id, first_by=ibis.literal("order"), to_at=ibis.null().cast("timestamp('UTC', 6)")
    )


def _with_again(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """Whether the customer had come again by the end of the period."""
    del dimensions
    return rows.mutate(again=(rows.again_at < rows.stands_at).fill_null(False))


CUSTOMERS_GAINED = Relation(
    name="customers_gained",
    grain="new customers",
    table="orders",
    needs_any=("orders", "deals", "contracts"),
    rows=_customers,
    dimensions=CUSTOMER_DIMENSIONS,
    labels=("first_by", "contact_id", "account_id"),
)
CUSTOMERS_SO_FAR = Relation(
    name="customers_so_far",
    grain="customers",
    table="orders",
    needs_any=("orders", "deals", "contracts"),
    rows=_customers,
    dating=Dating.STANDING,
    dimensions=CUSTOMER_DIMENSIONS,
    labels=("first_by", "contact_id", "account_id"),
)
ORDER_CUSTOMERS = Relation(
    name="order_customers",
    grain="customers with an order",
    table="orders",
    needs=("orders",),
    rows=order_customers,
    dating=Dating.STANDING,
    dimensions=CUSTOMER_DIMENSIONS,
    labels=("again_at", "contact_id", "account_id"),
    fold=_with_again,
)
