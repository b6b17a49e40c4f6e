"""What was spent on customers, by the days of the service, and what customers left over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.sales import sales_rows
from rapport.engine.metrics.windows import in_windows

RETENTION = ("retention", "loyalty")
UNALLOCATED = "unallocated"
_NOTHING = ibis.literal(0).cast(MONEY_SUM)
_COLUMNS = ("category", "account_id", "contact_id", "amount", "currency", "period_start", "period_end", "created_at")
_DIMENSIONS: dict[str, Dimension] = {
    "account": column("account_id"),
    "industry": through("account_id", "accounts", "industry"),
    "account_country": through("account_id", "accounts", "country"),
    "owner": through("account_id", "accounts", "owner_id"),
    "country": through("contact_id", "contacts", "country"),
}


def costs_in_windows(reading: Reading) -> ir.Table:
    """One row per cost and period that its service touches: its columns, at (its first day), amount of those days.

    Spread evenly over the days of the service; one without days counts on the day it was recorded. Base currency.
    """
    costs = reading.lookup("costs", _COLUMNS)
    first = ibis.coalesce(costs.period_start, local_day(costs.created_at, reading.time_zone))
    rows = costs.mutate(_from=first).filter(first.notnull())
    following = (rows["_from"] + ibis.interval(days=1)).cast("date")
    rows = rows.mutate(_until=ibis.greatest(ibis.coalesce(rows.period_end, following), following))
    rows = rows.mutate(at=rows["_from"].cast("timestamp('UTC', 6)"), assumed=rows.period_start.isnull())
    rows = plain(converted(rows, reading, dated_by="at")).cross_join(_days(reading))
    rows = rows.filter((rows["_from"] < rows.window_until) & (rows["_until"] > rows.window_from))
    whole = rows["_until"].delta(rows["_from"], unit="day").cast("float64")

    def first_days(until: ir.DateValue) -> ir.DecimalValue:
        """The amount of the days before, rounded to money: differences of it add up to the last digit."""
        days = until.delta(rows["_from"], unit="day").cast("float64")
        return (rows.amount.cast("float64") * days / whole).cast(MONEY_SUM)

    until, since = ibis.least(rows["_until"], rows.window_until), ibis.greatest(rows["_from"], rows.window_from)
    told = rows.mutate(amount=first_days(until) - first_days(since))
    return plain(told.drop("_from", "_until", "window_from", "window_until", "period_start", "period_end"))


def _days(reading: Reading) -> ir.Table:
    """The windows as local days, the last excluded; a period that is not over ends with today."""
    zone, just, day = reading.time_zone, timedelta(microseconds=1), timedelta(days=1)
    windows = reading.windows
    columns = {
        "period": pa.array([w.number for w in windows], pa.int64()),
        "window_from": pa.array([local_day_of(w.start, zone) for w in windows], pa.date32()),
        "window_until": pa.array([local_day_of(w.stand - just, zone) + day for w in windows], pa.date32()),
    }
    return ibis.memtable(pa.table(columns))


def _retention_costs(reading: Reading) -> ir.Table:
    """One row per cost of keeping customers and period: amount, of service the share that is set."""
    share = reading.whole_number("retention_service_percent", 0)
    rows = costs_in_windows(reading)
    kept = [*RETENTION, *(["service"] if share else [])]
    rows = rows.filter(rows.category.isin(kept))
    part = ibis.ifelse(rows.category == "service", share / 100, 1.0)
    return rows.mutate(amount=(rows.amount.cast("float64") * part).cast(MONEY_SUM))


def _profits(reading: Reading) -> ir.Table:
    """One row per customer and period with payments or costs: payments, cost, profit, at.

    Costs that name nobody are spread over the customers by what they paid in the period; where nobody paid they
    stand on a row of their own (`unallocated`), so that the rows add up to payments - costs.
    """
    wide = replace(reading, wanted=reading.wanted | {"customer_id"})
    paid = in_windows(plain(sales_rows(wide)), reading.windows)
    costs = plain(with_customer(costs_in_windows(reading), reading))
    named = costs.filter(costs.customer_id.notnull())
    parts = [_part(paid.filter(paid.customer_id.notnull()), "payments"), _part(named, "cost")]
    both = ibis.union(*parts)
    rows = both.group_by("period", "customer_id").aggregate(
        at=both["at"].min(),
        payments=both.payments.sum().cast(MONEY_SUM),
        _own=both.cost.sum().cast(MONEY_SUM),
        account_id=both.account_id.max(),
        contact_id=both.contact_id.max(),
        amount_missing=both.amount_missing.any(),
        amount_unconverted=both.amount_unconverted.any(),
    )
    return _allocated(rows, _part(costs.filter(costs.customer_id.isnull()), "cost"))


def _part(rows: ir.Table, name: str) -> ir.Table:
    amounts = {"payments": _NOTHING, "cost": _NOTHING, name: rows.amount.cast(MONEY_SUM).fill_null(_NOTHING)}
    return rows.select(
        "period", "customer_id", "at", **amounts,
        account_id=rows.account_id, contact_id=rows.contact_id,
        amount_missing=rows.amount_missing, amount_unconverted=rows.amount_unconverted,
    )  # fmt: skip


def _allocated(rows: ir.Table, nobodys: ir.Table) -> ir.Table:
    """`rows` with the costs of nobody spread by payments."""
    left = nobodys.group_by(_when=nobodys.period).aggregate(
        _spread=nobodys.cost.sum(), _first=nobodys["at"].min(), _missing=nobodys.amount_missing.any()
    )
    weight = ibis.greatest(rows.payments.cast("float64"), 0.0)
    rows = rows.mutate(_weight=weight, _whole=weight.sum().over(ibis.window(group_by=rows.period)))
    joined = rows.left_join(left, [("period", "_when")])
    part = ibis.ifelse(joined["_whole"] > 0, joined["_weight"] / joined["_whole"], 0.0)
    spread = (joined["_spread"].cast("float64").fill_null(0.0) * part).cast(MONEY_SUM)
    told = joined.mutate(id=joined.customer_id, cost=joined["_own"] + spread)
    told = plain(told.drop("_weight", "_own", "_spread", "_first", "_missing", "_when"))
    paying = told.filter(told["_whole"] > 0).select(_paid="period").distinct()
    rest = left.anti_join(paying, [("_when", "_paid")])
    rest = rest.select(
        period="_when", customer_id=ibis.null().cast("string"), at="_first", payments=_NOTHING, cost="_spread",
        account_id=ibis.null().cast("string"), contact_id=ibis.null().cast("string"), amount_missing="_missing",
        amount_unconverted=ibis.literal(value=False), id=ibis.literal(UNALLOCATED),
    )  # fmt: skip
    names = rest.columns
    rest = rest.mutate(payments=rest.payments.cast(MONEY_SUM), cost=rest.cost.cast(MONEY_SUM))
    all_rows = told.mutate(cost=told.cost.cast(MONEY_SUM)).select(*names).union(rest.select(*names))
    return all_rows.mutate(profit=all_rows.payments - all_rows.cost, is_customer=all_rows.customer_id.notnull())


RETENTION_COSTS = Relation(
    name="retention_costs",
    grain="costs of keeping customers",
    table="costs",
    needs=("costs.amount", "costs.category=retention"),
    rows=_retention_costs,
    dating=Dating.PER_PERIOD,
    dimensions={"category": column("category"), **_DIMENSIONS},
    labels=("category", "amount", "account_id", "contact_id"),
)
CUSTOMER_PROFITS = Relation(
    name="customer_profits",
    grain="customers with payments or costs",
    table="orders",
    needs=("orders.amount", "costs.amount"),
    rows=_profits,
    dating=Dating.PER_PERIOD,
    dimensions=_DIMENSIONS,
    labels=("payments", "cost", "account_id", "contact_id"),
)
