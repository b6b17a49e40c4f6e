"""Who bought what and when: one row per customer and thing, before and after a cut-off."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.events import by_account
from rapport.engine.runner import Runner
from rapport.engine.scores.next_purchase.spec import NextPurchaseDefinition

TABLES = ("orders", "order_lines", "products")
_GONE = ["cancelled", "refunded"]


def missing_tables(view: AsOf) -> list[str]:
    return [table for table in TABLES if not view.has(table)]


def lines(definition: NextPurchaseDefinition, view: AsOf) -> ir.Table:
    """One row per line of an order that stands: subject_id, thing (text), order_id, bought_at, amount (float64).

    thing is the product's id, category or family; lines without one are left out. amount is net of the line's
    discount, null where no price is told or it is in another currency.
    """
    needed_by = f"the score {definition.name}"
    orders = view.table(
        "orders", needed_by=needed_by, columns=["contact_id", "account_id", "ordered_at", "currency", "status"]
    )
    orders = orders.filter(~orders.status.fill_null("").isin(_GONE))
    if definition.subject == "account":
        orders = by_account(orders, view, own_first=True, needed_by=needed_by)
    else:
        orders = orders.mutate(subject_id=orders.contact_id)
    foreign = orders.currency.notnull() & (orders.currency.upper() != view.snapshot.currency.upper())
    orders = orders.mutate(_foreign=foreign).filter(orders.subject_id.notnull())
    orders = orders.select("subject_id", "_foreign", _order="id", bought_at="ordered_at")
    sold = view.table(
        "order_lines", needed_by=needed_by, columns=["order_id", "product_id", "quantity", "unit_price", "discount"]
    )
    gross = sold.unit_price.cast("float64") * sold.quantity.fill_null(1.0) - sold.discount.cast("float64").fill_null(
        0.0
    )
    sold = sold.select("order_id", "product_id", gross=gross)
    rows = sold.join(orders, [("order_id", "_order")]).mutate()
    thing = things(definition, view).select("_product", "thing")
    rows = rows.join(thing, [("product_id", "_product")]).mutate()
    amount = ibis.ifelse(rows._foreign, ibis.null("float64"), rows.gross)
    return rows.select("subject_id", "thing", "order_id", "bought_at", amount=amount)


def things(definition: NextPurchaseDefinition, view: AsOf) -> ir.Table:
    """One row per product that is or belongs to a thing: _product, thing, name, family, tier, list_price, successor."""
    columns = ["name", "category", "family", "tier", "list_price", "successor_product_id"]
    rows = view.table("products", needed_by=f"the score {definition.name}", columns=columns)
    thing = rows.id if definition.of == "product" else rows[definition.of]
    rows = rows.select(
        "name", "family", "tier", "list_price", _product=rows.id, thing=thing, successor="successor_product_id"
    )
    return rows.filter(rows.thing.notnull())


def bought(
    rows: ir.Table, definition: NextPurchaseDefinition, cut_off: datetime, index: ir.Table, *, runner: Runner
) -> ir.Table:
    """One row per customer and thing: subject_id, thing (its number), had (orders in the history before the cut-off),
    then (orders in the horizon after it) and spent (on it then, float64). Computed once.

    Parameters: rows as `lines` gives them; index, name and number of each thing that counts.
    """
    start, end = cut_off - timedelta(days=definition.history_days), cut_off + timedelta(days=definition.horizon_days)
    within = rows.filter((rows.bought_at > _instant(start)) & (rows.bought_at <= _instant(end)))
    within = within.join(index, [("thing", "_name")]).mutate()
    before = within.bought_at <= _instant(cut_off)
    order = within.order_id
    nothing = ibis.null("string")
    counted = within.group_by("subject_id", "number").aggregate(
        had=ibis.ifelse(before, order, nothing).nunique().cast("int64"),
        then=ibis.ifelse(before, nothing, order).nunique().cast("int64"),
        spent=ibis.ifelse(before, 0.0, within.amount.fill_null(0.0)).sum(),
    )
    return runner.cache(counted.select("subject_id", "had", "then", "spent", thing="number"))


def index_of(names: list[str], runner: Runner) -> ir.Table:
    """Name and number of each thing."""
    return runner.from_arrow(
        pa.table({"_name": pa.array(names, pa.string()), "number": pa.array(range(len(names)), pa.int64())})
    )


def most_bought(rows: ir.Table, definition: NextPurchaseDefinition, until: datetime, *, runner: Runner) -> list[str]:
    """The things with the most buyers in the history before an instant, the most bought first."""
    start = until - timedelta(days=definition.history_days + definition.horizon_days)
    within = rows.filter((rows.bought_at > _instant(start)) & (rows.bought_at <= _instant(until)))
    buyers = within.group_by("thing").aggregate(buyers=within.subject_id.nunique())
    top = buyers.order_by([buyers.buyers.desc(), buyers.thing]).limit(definition.most)
    names: list[str] = runner.to_arrow(top)["thing"].to_pylist()
    return names


def _instant(at: datetime) -> ir.TimestampScalar:
    return ibis.literal(at, type="timestamp('UTC', 6)")
