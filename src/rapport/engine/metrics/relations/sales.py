"""Sales: orders, and refunds as negative amounts on the day they were given."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dimension, Relation, column, through
from rapport.engine.metrics.relations.customer_of import with_customer

_ORDER_COLUMNS = ("contact_id", "account_id", "deal_id", "campaign_id", "channel", "ordered_at", "amount", "currency")
_MERGE_HOURS = 24  # split shipments of one order lie closer together

SALES_DIMENSIONS: dict[str, Dimension] = {
    "channel": column("channel"),
    "campaign": column("campaign_id"),
    "currency": column("currency"),
    "account": column("account_id"),
    "industry": through("account_id", "accounts", "industry"),
    "account_country": through("account_id", "accounts", "country"),
    "country": through("contact_id", "contacts", "country"),
    "source": through("contact_id", "contacts", "lead_source"),
}


def placed_orders(reading: Reading) -> ir.Table:
    """One row per order that was not cancelled: its columns, at, refunded (in full), given_back (any refund)."""
    orders = reading.lookup("orders", [*_ORDER_COLUMNS, "status"])
    orders = orders.filter((orders.status != "cancelled").fill_null(True))
    orders = orders.mutate(at=orders.ordered_at)
    if not reading.has("refunds"):
        return orders.mutate(
            refunded=(orders.status == "refunded").fill_null(False), given_back=ibis.literal(value=False)
        )
    refunds = reading.lookup("refunds", ["order_id", "amount"])
    back = refunds.group_by(_order=refunds.order_id).aggregate(_back=refunds.amount.cast(MONEY_SUM).sum())
    joined = orders.left_join(back, [("id", "_order")])
    in_full = ((joined._back >= joined.amount) & (joined.amount > 0)).fill_null(False)
    known = joined.mutate(
        refunded=in_full | (joined.status == "refunded").fill_null(False), given_back=joined._back.notnull()
    )
    return plain(known.drop("_order", "_back"))


def sales_rows(reading: Reading) -> ir.Table:
    """One row per order or refund: order_id, at, amount (refunds negative), is_order, in_basket, customer_id.

    Where wanted: items, the pieces of the order's lines, and has_items.
    """
    orders = placed_orders(reading)
    returned = orders.refunded & ~orders.given_back  # refunded on an unknown day: nothing on the order's own
    amount = ibis.ifelse(returned, ibis.literal(0).cast(MONEY_SUM), orders.amount.cast(MONEY_SUM))
    rows = orders.mutate(
        amount=amount,
        record=ibis.literal("orders"),
        order_id=orders.id,
        is_order=ibis.literal(value=True),
        in_basket=(orders.amount > 0).fill_null(False),
    ).drop("status", "refunded", "given_back")
    if reading.has("refunds"):
        rows = rows.union(refund_rows(orders, reading).select(*rows.columns))
    rows = converted(plain(rows), reading, dated_by="at")
    rows = rows.mutate(in_basket=rows.in_basket & ~rows.amount_unconverted)
    if reading.wants("items", "has_items"):
        rows = _with_items(plain(rows), reading)
    return with_customer(rows, reading) if reading.wants("customer_id") else rows


def _with_items(rows: ir.Table, reading: Reading) -> ir.Table:
    """How many pieces an order's lines name; an order without lines, or with one of unknown quantity, has no number."""
    lines = reading.lookup("order_lines", ["order_id", "quantity"])
    pieces = lines.group_by(_order=lines.order_id).aggregate(
        _items=lines.quantity.sum(), _whole=lines.quantity.notnull().all()
    )
    joined = rows.left_join(pieces, [("id", "_order")])
    known = joined.is_order & joined._whole.fill_null(False)
    told = joined.mutate(items=ibis.ifelse(known, joined._items, ibis.null()), has_items=known)
    return plain(told.drop("_order", "_items", "_whole"))


def refund_rows(orders: ir.Table, reading: Reading) -> ir.Table:
    """One row per refund of a placed order, with the order's columns; amount negative, at the refund."""
    refunds = reading.lookup("refunds", ["order_id", "amount", "currency", "refunded_at"])
    theirs = refunds.select(
        _refund="id", _order="order_id", _amount="amount", _currency="currency", _refunded_at="refunded_at"
    )
    joined = theirs.join(orders, [("_order", "id")])
    given = joined.mutate(
        id=joined._refund,
        at=joined._refunded_at,
        amount=-joined._amount.cast(MONEY_SUM),
        currency=ibis.coalesce(joined._currency, joined.currency),
        record=ibis.literal("refunds"),
        order_id=joined._order,
        is_order=ibis.literal(value=False),
        in_basket=ibis.literal(value=False),
    )
    return given.drop("_refund", "_order", "_amount", "_currency", "_refunded_at")


def _buyers(reading: Reading) -> ir.Table:
    """One row per order, with its buyer."""
    orders = placed_orders(reading)
    kept = with_customer(orders.filter(~orders.refunded), reading)
    return kept.filter(kept.customer_id.notnull())


def _folded(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """One row per buyer in a period: orders, again (bought again 24 hours or more after the first)."""
    keys = ["period", *dimensions, "customer_id"]
    folded = rows.group_by(keys).aggregate(at=rows["at"].min(), _last=rows["at"].max(), orders=rows.count())
    again = folded._last >= folded["at"] + ibis.interval(hours=_MERGE_HOURS)
    return folded.mutate(id=folded.customer_id, again=again).drop("_last")


SALES = Relation(
    name="sales",
    grain="orders",
    table="orders",
    needs=("orders",),
    rows=sales_rows,
    dimensions=SALES_DIMENSIONS,
    labels=("record", "amount", "currency", "channel", "contact_id", "account_id"),
)
BUYERS = Relation(
    name="buyers",
    grain="buyers",
    table="orders",
    needs=("orders",),
    rows=_buyers,
    dimensions=SALES_DIMENSIONS,
    labels=("orders",),
    fold=_folded,
)
