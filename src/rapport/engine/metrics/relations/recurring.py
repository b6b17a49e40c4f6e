"""Recurring amounts: contracts at the end of a period, and how each customer's amount moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from rapport.engine.errors import DataError
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.contracts import contract_terms
from rapport.engine.metrics.relations.steps import END, START, Step, month_steps, points_of, step_table, whole_steps
from rapport.engine.metrics.relations.then import known_entries, with_values_then
from rapport.engine.metrics.relations.trailing import a_year_back
from rapport.engine.metrics.windows import Window, standing_in_windows

_NOTHING = ibis.literal(0).cast(MONEY_SUM)
_DIMENSIONS: dict[str, Dimension] = {
    "plan": column("plan"),
    "product": column("product_id"),
    "account": column("account_id"),
    "industry": through("account_id", "accounts", "industry"),
    "account_country": through("account_id", "accounts", "country"),
    "owner": through("account_id", "accounts", "owner_id"),
    "country": through("contact_id", "contacts", "country"),
}
_DIGITS = 20
_MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")


def running_contracts(reading: Reading, windows: Sequence[Window]) -> ir.Table:
    """One row per window and contract that runs when it stands: id, customer_id, monthly amount, currency then."""
    standing = standing_in_windows(contract_terms(reading), windows)
    attributes = ["monthly_amount", "currency", *(c for c in ("plan", "product_id") if reading.wants(c))]
    rows = with_values_then(plain(standing), reading, "contracts", attributes)
    return plain(rows.rename(amount="monthly_amount").drop("assumed"))


def _recurring(reading: Reading) -> ir.Table:
    """One row per running contract and period: amount (a month, base currency), yearly_amount, paying."""
    rows = converted(running_contracts(reading, reading.windows), reading, dated_by="stands_at")
    return rows.mutate(yearly_amount=rows.amount * 12, paying=(rows.amount > 0).fill_null(False))


def _with_margin(reading: Reading) -> ir.Table:
    """`_recurring` with margin_amount: the share kept as set (`gross_margin_percent`), else that of all known orders.

    Raises: DataError where neither is told.
    """
    rows = _recurring(reading)
    percent = reading.setting("gross_margin_percent", None)
    if percent is not None:
        told = rows.mutate(_share=ibis.literal(float(str(percent)) / 100))
    elif reading.has("orders"):
        orders = reading.lookup("orders", ["amount", "margin"])
        known = orders.filter(orders.margin.notnull() & (orders.amount > 0))
        sums = known.aggregate(_kept=known.margin.sum().cast("float64"), _of=known.amount.sum().cast("float64"))
        told = plain(rows.cross_join(sums.select(_share=sums["_kept"] / sums["_of"].nullif(0))))
    else:
        raise DataError(
            f"{reading.needed_by} needs to know what is kept of an amount.",
            next_step="Set gross_margin_percent, or map order.margin.",
        )
    margin = (told.amount.cast("float64") * told["_share"]).cast(MONEY_SUM)
    return told.mutate(margin_amount=margin, has_margin=told.paying & margin.notnull()).drop("_share")


def changes(reading: Reading, steps: Sequence[Step]) -> ir.Table:
    """One row per customer and step in which they paid at its start or its end.

    Columns: period, start_amount and end_amount (a month, at the rates of the window's start), opening_amount
    (start_amount in the first step of the window, else 0), kept_amount (the lesser of both), movement and one amount
    of `_MOVEMENTS`, positive: new (paying for the first time), reactivation (paying again), expansion, contraction,
    churn (paying no more), else unchanged.
    """
    points = [Window(number, at, at, at) for at, number in points_of(steps).items()]
    running = running_contracts(reading, points).rename(point="period").drop("stands_at")
    joined = running.join(step_table(steps), [("point", "_point")]).drop("_point")
    rows = converted(plain(joined), reading, dated_by="rate_at")
    sums = {name: rows.amount.sum(where=rows.side == side) for name, side in (("_start", START), ("_end", END))}
    told = rows.group_by("customer_id", "step", "period", "opens", "step_start").aggregate(
        **sums,
        **_described(rows, reading),
        from_at=rows.from_at.min(),
        amount_missing=rows.amount_missing.any(),
        amount_unconverted=rows.amount_unconverted.any(),
    )
    told = told.mutate(
        id=told.customer_id,
        start_amount=told["_start"].cast(MONEY_SUM).fill_null(_NOTHING),
        end_amount=told["_end"].cast(MONEY_SUM).fill_null(_NOTHING),
    ).drop("_start", "_end")
    return _moved(told, reading)


def _described(rows: ir.Table, reading: Reading) -> dict[str, ir.Value]:
    """Plan and product of the customer's largest contract at the start, or at the end where there was none."""
    found: dict[str, ir.Value] = {"account_id": rows.account_id.max(), "contact_id": rows.contact_id.max()}
    for name in ("plan", "product_id"):
        if reading.wants(name):
            # by amount, then by name, so that the order of rows decides nothing
            size = (rows.amount.cast("float64") * 100).cast("int64").fill_null(0).cast("string").lpad(_DIGITS, "0")
            ranked = size + rows[name]
            largest = ibis.coalesce(ranked.max(where=rows.side == START), ranked.max())
            found[name] = largest.substr(_DIGITS)
    return found


def _moved(rows: ir.Table, reading: Reading) -> ir.Table:
    first = _first_paid(reading)
    joined = plain(rows.left_join(first, [("customer_id", "_whose")]).drop("_whose"))
    before, after = joined.start_amount, joined.end_amount
    is_new = (joined._paid_from >= joined.step_start).fill_null(True)
    movement = ibis.cases(
        ((before == 0) & (after > 0), ibis.ifelse(is_new, "new", "reactivation")),
        ((before > 0) & (after == 0), "churn"),
        (after > before, "expansion"),
        (after < before, "contraction"),
        else_="unchanged",
    )
    told = joined.mutate(movement=movement, change_amount=after - before).drop("_paid_from", "step_start")
    amounts = {
        f"{name}_amount": ibis.ifelse(told.movement == name, told.change_amount.abs(), _NOTHING) for name in _MOVEMENTS
    }
    return told.mutate(
        **amounts,
        opening_amount=ibis.ifelse(told.opens, told.start_amount, _NOTHING),
        kept_amount=ibis.greatest(ibis.least(told.start_amount, told.end_amount), _NOTHING),
        was_paying=told.start_amount > 0,
        moved=told.movement != "unchanged",
        **{f"is_{name}": told.movement == name for name in _MOVEMENTS},
    ).mutate(
        lost_amount=lambda t: t.churn_amount + t.contraction_amount,
        not_lost_amount=lambda t: t.opening_amount - t.churn_amount - t.contraction_amount,
        net_lost_amount=lambda t: t.churn_amount + t.contraction_amount - t.expansion_amount - t.reactivation_amount,
    )


def _first_paid(reading: Reading) -> ir.Table:
    """One row per customer who ever paid: since when."""
    terms = contract_terms(reading, ["monthly_amount"])
    if reading.has("attribute_history"):
        entries = known_entries(reading, "contracts", ["monthly_amount"])
        paid = entries.filter(entries.value.cast("decimal(18, 4)") > 0)
        paid = paid.select(_contract="id", valid_from="valid_from", is_first="is_first")
        met = terms.join(paid, [("id", "_contract")])
        since = ibis.ifelse(met.is_first, met.from_at, ibis.greatest(met.valid_from, met.from_at))
        told = met.select(_whose=met.customer_id, since=since)
    else:
        told = terms.filter(terms.monthly_amount > 0).select(_whose="customer_id", since="from_at")
    return told.group_by("_whose").aggregate(_paid_from=told.since.min())


def _by_month(reading: Reading) -> ir.Table:
    return changes(reading, month_steps(reading.windows, reading.time_zone))


def _year_by_month(reading: Reading) -> ir.Table:
    return changes(reading, month_steps(a_year_back(reading.windows, reading.time_zone), reading.time_zone))


def _over_a_year(reading: Reading) -> ir.Table:
    return changes(reading, whole_steps(a_year_back(reading.windows, reading.time_zone)))


RECURRING = Relation(
    name="recurring",
    grain="running contracts",
    table="contracts",
    needs=("contracts",),
    rows=_recurring,
    dating=Dating.PER_PERIOD,
    dimensions={**_DIMENSIONS, "currency": column("currency")},
    labels=("customer_id", "plan", "amount", "currency", "account_id", "contact_id"),
)
_LABELS = ("movement", "start_amount", "end_amount", "account_id", "contact_id")
RECURRING_MARGIN = replace(RECURRING, name="recurring_margin", rows=_with_margin)
RECURRING_CHANGES = Relation(
    name="recurring_changes",
    grain="customers with recurring amounts, by month",
    table="contracts",
    needs=("contracts",),
    rows=_by_month,
    dating=Dating.PER_PERIOD,
    dimensions={**_DIMENSIONS, "movement": column("movement")},
    labels=_LABELS,
)
RECURRING_CHANGES_YEAR = Relation(
    name="recurring_changes_year",
    grain="customers with recurring amounts, by month of a year",
    table="contracts",
    needs=("contracts",),
    rows=_year_by_month,
    dating=Dating.PER_PERIOD,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
)
RECURRING_YEAR = Relation(
    name="recurring_year",
    grain="customers with recurring amounts a year before",
    table="contracts",
    needs=("contracts",),
    rows=_over_a_year,
    dating=Dating.PER_PERIOD,
    dimensions=_DIMENSIONS,
    labels=("start_amount", "end_amount", "account_id", "contact_id"),
)
