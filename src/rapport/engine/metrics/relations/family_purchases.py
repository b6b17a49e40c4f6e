"""Purchases by product family: what each customer bought of which family, and when for the first time."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.sales import placed_orders

_PARTY = ("contact_id", "account_id")
_COLUMNS = ("id", *_PARTY, "product_id", "at", "amount", "currency", "given_back")


def family_purchases(reading: Reading) -> ir.Table:
    """One row per thing bought of a known family: customer_id, family, tier, list_price, at, amount, first_at.

    Order lines of orders neither cancelled nor refunded in full, won deals with a product and no order of their own,
    and contracts, which tell of a family and add no amount. A refunded line comes again, negative, on its day
    (`given_back`). first_at is when the customer first bought of the family. Products without family are left out.
    """
    parts = [rows.select(*_COLUMNS) for rows in _bought(reading)]
    rows = plain(ibis.union(*parts) if len(parts) > 1 else parts[0])
    products = reading.lookup("products", ["family", "tier", "list_price"])
    products = products.filter(products.family.notnull()).select(
        _product="id", family="family", tier="tier", list_price="list_price"
    )
    known = plain(rows.join(products, [("product_id", "_product")]).drop("_product"))
    theirs = with_customer(known.filter(known["at"].notnull()), reading)
    theirs = theirs.filter(theirs.customer_id.notnull())
    first = theirs["at"].min(where=~theirs.given_back).over(ibis.window(group_by=[theirs.customer_id, theirs.family]))
    dated = theirs.mutate(first_at=first)
    return converted(plain(dated.filter(dated.first_at.notnull())), reading, dated_by="at")


def _bought(reading: Reading) -> list[ir.Table]:
    parts = []
    if reading.has("orders") and reading.has("order_lines"):
        parts += _lines(reading)
    if reading.has("deals"):
        parts.append(_deals(reading))
    if reading.has("contracts"):
        contracts = reading.lookup("contracts", [*_PARTY, "product_id", "currency", "started_at"])
        nothing = ibis.literal(0).cast(MONEY_SUM)
        parts.append(contracts.mutate(at=contracts.started_at, amount=nothing, given_back=ibis.literal(value=False)))
    return parts


def _lines(reading: Reading) -> list[ir.Table]:
    orders = placed_orders(reading)
    kept = orders.filter(~orders.refunded).select(_order="id", **{c: c for c in (*_PARTY, "at", "currency")})
    lines = reading.lookup("order_lines", ["order_id", "product_id", "quantity", "unit_price", "discount"])
    price = ibis.coalesce(lines.quantity, 1.0) * lines.unit_price.cast("float64")
    amount = (price - ibis.coalesce(lines.discount.cast("float64"), 0.0)).cast(MONEY_SUM)
    sold = plain(lines.mutate(amount=amount).join(kept, [("order_id", "_order")]).drop("_order"))
    sold = sold.mutate(given_back=ibis.literal(value=False))
    if not reading.has("refunds"):
        return [sold]
    refunds = reading.lookup("refunds", ["order_line_id", "amount", "refunded_at"])
    back = refunds.filter(refunds.order_line_id.notnull()).select(
        _refund="id", _line="order_line_id", _back=-refunds.amount.cast(MONEY_SUM), _when="refunded_at"
    )
    given = sold.join(back, [("id", "_line")])
    given = given.mutate(id=given._refund, amount=given._back, at=given._when, given_back=ibis.literal(value=True))
    return [sold, given]


def _deals(reading: Reading) -> ir.Table:
    deals = reading.lookup("deals", [*_PARTY, "product_id", "status", "closed_at", "amount", "currency"])
    won = deals.filter((deals.status == "won") & deals.product_id.notnull())
    if reading.has("orders"):
        ordered = reading.lookup("orders", ["deal_id"])
        ordered = ordered.filter(ordered.deal_id.notnull()).select(_deal="deal_id").distinct()
        won = won.anti_join(ordered, won.id == ordered._deal)
    return won.mutate(at=won.closed_at, amount=won.amount.cast(MONEY_SUM), given_back=ibis.literal(value=False))
