"""Customers of the start of a period, and whether they took more of what they had."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation
from rapport.engine.metrics.relations.contracts import contract_terms
from rapport.engine.metrics.relations.customers_at_start import CUSTOMERS_AT_START, at_start
from rapport.engine.metrics.relations.steps import END, START, points_of, step_table, whole_steps
from rapport.engine.metrics.relations.then import with_values_then
from rapport.engine.metrics.windows import Window, standing_in_windows

_NOTHING = ibis.literal(0).cast(MONEY_SUM)


def _up_selling(reading: Reading) -> ir.Table:
    """One row per customer of a period's start: up_sold, price_uplift, start_amount and expansion_amount (a month).

    A family's contracts at the start are compared with those at the end, so that what rose and fell again within the
    period is nothing. Exchange rates are those of the start throughout.
    """
    customers = plain(at_start(reading, reading.windows))
    families = _families(reading)
    told = families.group_by(_period=families.period, _whose=families.customer_id).aggregate(
        up_sold=families.rose.any(),
        price_uplift=families.price_uplift.any(),
        start_amount=families.start_amount.sum(),
        expansion_amount=families.expansion.sum(),
        amount_missing=families.missing.any(),
        amount_unconverted=families.unconverted.any(),
    )
    joined = customers.left_join(told, [("period", "_period"), ("customer_id", "_whose")]).drop("_period", "_whose")
    flags = ("up_sold", "price_uplift", "amount_missing", "amount_unconverted")
    return plain(joined.mutate(at=joined.from_at, **{name: joined[name].fill_null(False) for name in flags}))


def _families(reading: Reading) -> ir.Table:
    """One row per period, customer and family with contracts at the start: rose, price_uplift, expansion.

    rose: more units, or a higher amount with another plan or product. A higher amount for the same plan and units is
    the price. Contracts without a known family are taken as one family.
    """
    rows = _running(reading)
    at_first, at_last = rows.side == START, rows.side == END
    told = rows.group_by("period", "customer_id", "family").aggregate(
        held=at_first.sum(),
        start_amount=rows.amount.sum(where=at_first).cast(MONEY_SUM),
        end_amount=rows.amount.sum(where=at_last).cast(MONEY_SUM),
        start_units=rows.quantity.sum(where=at_first),
        end_units=rows.quantity.sum(where=at_last),
        **{f"{end}_{side}": _extreme(rows, end, side) for end in ("least", "most") for side in (START, END)},
        described=(rows.what.notnull() | rows.quantity.notnull()).any(),
        missing=rows.amount_missing.any(),
        unconverted=rows.amount_unconverted.any(),
    )
    told = told.filter(told.held > 0)
    more_units = (told.end_units > told.start_units).fill_null(False)
    dearer = ((told.end_amount > told.start_amount) & ~told.unconverted & ~told.missing).fill_null(False)
    another = (told[f"least_{START}"] != told[f"least_{END}"]) | (told[f"most_{START}"] != told[f"most_{END}"])
    rose = more_units | (dearer & (another.fill_null(False) | ~told.described))
    return told.mutate(
        rose=rose,
        price_uplift=dearer & ~rose,
        expansion=ibis.ifelse(rose & dearer, told.end_amount - told.start_amount, _NOTHING),
    )


def _extreme(rows: ir.Table, end: str, side: str) -> ir.Value:
    where = rows.side == side
    return rows.what.min(where=where) if end == "least" else rows.what.max(where=where)


def _running(reading: Reading) -> ir.Table:
    """One row per contract that runs at the start or the end of a period: side, family, amount, quantity, what."""
    steps = whole_steps(reading.windows)
    points = [Window(number, at, at, at) for at, number in points_of(steps).items()]
    standing = standing_in_windows(contract_terms(reading), points)
    attributes = ["monthly_amount", "currency", "quantity", "plan", "product_id"]
    rows = with_values_then(plain(standing), reading, "contracts", attributes)
    rows = plain(rows.rename(amount="monthly_amount", point="period").drop("assumed", "stands_at"))
    rows = plain(rows.join(step_table(steps), [("point", "_point")]).drop("_point"))
    rows = converted(rows, reading, dated_by="rate_at")
    rows = rows.mutate(what=ibis.coalesce(rows.plan + "|" + rows.product_id, rows.plan, rows.product_id))
    if not reading.has("products"):
        return rows.mutate(family=ibis.literal(""))
    products = reading.lookup("products", ["family"]).select(_product="id", _family="family")
    joined = rows.left_join(products, [("product_id", "_product")])
    return plain(joined.mutate(family=ibis.coalesce(joined._family, "")).drop("_product", "_family"))


UP_SELLING = Relation(
    name="up_selling",
    grain="customers of the start",
    table="contracts",
    needs=("contracts",),
    rows=_up_selling,
    dating=Dating.PER_PERIOD,
    dimensions=CUSTOMERS_AT_START.dimensions,
    labels=("account_id", "contact_id", "start_amount", "expansion_amount", "price_uplift"),
)
