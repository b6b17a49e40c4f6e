"""Customers of the start of a period, and what they bought in it that they had not bought before."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.customers_at_start import CUSTOMERS_AT_START, at_start
from rapport.engine.metrics.relations.family_purchases import family_purchases
from rapport.engine.metrics.windows import Window, in_windows

_LABELS = ("account_id", "contact_id", "new_families", "cross_sell_amount")


def starts_of(windows: Sequence[Window]) -> ir.Table:
    """One row per window: _window, _starts."""
    return ibis.memtable(
        pa.table(
            {
                "_window": pa.array([w.number for w in windows], pa.int64()),
                "_starts": pa.array([w.start for w in windows], pa.timestamp("us", tz="UTC")),
            }
        )
    )


def _cross_selling(reading: Reading) -> ir.Table:
    """One row per customer of a period's start: new_families, cross_sold, cross_sell_amount, upgraded.

    A new family: first bought in the period, by a customer who had bought of another known family before it.
    upgraded: bought a dearer tier of a family owned at the start than ever before.
    """
    customers = plain(at_start(reading, reading.windows))
    bought = _in_period(family_purchases(reading), reading)
    fresh = (bought.first_at >= bought._starts) & (bought._owner_since < bought._starts)
    told = bought.group_by(_period=bought.period, _whose=bought.customer_id).aggregate(
        new_families=bought.family.nunique(where=fresh),
        cross_sell_amount=bought.amount.sum(where=fresh).cast(MONEY_SUM),
        amount_missing=(fresh & bought.amount_missing).any(),
        amount_unconverted=(fresh & bought.amount_unconverted).any(),
        upgraded=(bought.dearer & (bought.first_at < bought._starts)).any(),
    )
    joined = customers.left_join(told, [("period", "_period"), ("customer_id", "_whose")]).drop("_period", "_whose")
    joined = joined.mutate(new_families=joined.new_families.fill_null(0))
    flags = {name: joined[name].fill_null(False) for name in ("amount_missing", "amount_unconverted", "upgraded")}
    return plain(joined.mutate(cross_sold=joined.new_families > 0, at=joined.from_at, **flags))


def _in_period(purchases: ir.Table, reading: Reading) -> ir.Table:
    """Purchases of the periods, with _starts, _owner_since (of any family) and dearer (a higher tier than before)."""
    whose = ibis.window(group_by=purchases.customer_id)
    before = ibis.window(
        group_by=[purchases.customer_id, purchases.family],
        order_by=[purchases["at"], purchases.id],
        preceding=(None, 1),
    )
    price = ibis.ifelse(purchases.tier.notnull() & ~purchases.given_back, purchases.list_price, ibis.null())
    rows = purchases.mutate(
        _owner_since=purchases.first_at.min().over(whose),
        dearer=(price > price.max().over(before)).fill_null(False),
    )
    inside = in_windows(plain(rows), reading.windows)
    return plain(inside.join(starts_of(reading.windows), [("period", "_window")]).drop("_window"))


def _owners(reading: Reading) -> ir.Table:
    """One row per customer who bought of a known family: from_at, second_at (the first of a second family), to_at."""
    bought = family_purchases(reading)
    firsts = bought.select("customer_id", "family", "first_at", "account_id", "contact_id")
    each = firsts.group_by("customer_id", "family").aggregate(
        first_at=firsts.first_at.min(), account_id=firsts.account_id.max(), contact_id=firsts.contact_id.max()
    )
    place = ibis.row_number().over(ibis.window(group_by=each.customer_id, order_by=[each.first_at, each.family]))
    placed = each.mutate(_place=place)
    owners = placed.group_by("customer_id").aggregate(
        from_at=placed.first_at.min(),
        second_at=placed.first_at.min(where=placed._place == 1),
        account_id=placed.account_id.max(),
        contact_id=placed.contact_id.max(),
    )
    return owners.mutate(id=owners.customer_id, to_at=ibis.null().cast("timestamp('UTC', 6)"))


def _with_several(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    del dimensions
    return rows.mutate(several=(rows.second_at < rows.stands_at).fill_null(False))


_OWNER_DIMENSIONS: dict[str, Dimension] = {
    "account": column("account_id"),
    "industry": through("account_id", "accounts", "industry"),
    "owner": through("account_id", "accounts", "owner_id"),
    "country": through("contact_id", "contacts", "country"),
    "source": through("contact_id", "contacts", "lead_source"),
}

CROSS_SELLING = Relation(
    name="cross_selling",
    grain="customers of the start",
    table="orders",
    needs=("products.family",),
    needs_any=("orders", "deals", "contracts"),
    rows=_cross_selling,
    dating=Dating.PER_PERIOD,
    dimensions=CUSTOMERS_AT_START.dimensions,
    labels=_LABELS,
)
FAMILY_OWNERS = Relation(
    name="family_owners",
    grain="customers with a product of a known family",
    table="orders",
    needs=("products.family",),
    needs_any=("orders", "deals", "contracts"),
    rows=_owners,
    dating=Dating.STANDING,
    dimensions=_OWNER_DIMENSIONS,
    labels=("second_at", "account_id", "contact_id"),
    fold=_with_several,
)
