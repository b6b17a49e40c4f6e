"""Customers by the calendar months in which they bought: buyers of the month, regular ones, and key ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.local_day import local_day_of, start_of_local_day
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.customers import CUSTOMER_DIMENSIONS, order_customers
from rapport.engine.metrics.relations.sales import placed_orders, sales_rows
from rapport.engine.metrics.windows import Window, in_windows

REGULAR_MONTHS = 3  # setting `regular_customer_months`
KEY_OF = 10  # one of so many is a key customer: the top decile of value
VALUE_DAYS = 365  # setting `key_customer_days`: the value of how many days before the end
_STAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class _Months:
    """The months that a window looks at: the full ones before it stands, and the one in which it ends."""

    window: Window
    full: tuple[Period, ...]
    current: Period


def _months_of(window: Window, zone: str, count: int) -> _Months:
    last_day = local_day_of(window.stand - timedelta(microseconds=2), zone)
    current = Period.containing(last_day, Grain.MONTH)
    over = start_of_local_day(current.end, zone) <= window.stand
    newest = current if over else current.previous()
    full = [newest]
    while len(full) < count:
        full.append(full[-1].previous())
    return _Months(window, tuple(full), current)


def _looked_at(reading: Reading) -> list[_Months]:
    count = max(1, reading.whole_number("regular_customer_months", REGULAR_MONTHS))
    return [_months_of(window, reading.time_zone, count) for window in reading.windows]


def _bought_months(reading: Reading, looked_at: Sequence[_Months]) -> ir.Table:
    """One row per customer and month in which it bought, of all the months looked at: customer_id, month."""
    months = sorted({m for its in looked_at for m in (*its.full, its.current)})
    zone = reading.time_zone
    windows = [Window(i, *month.instants(zone), month.instants(zone)[1]) for i, month in enumerate(months)]
    orders = placed_orders(reading)
    bought = with_customer(plain(orders.filter(~orders.refunded)), reading)
    dated = in_windows(bought.filter(bought.customer_id.notnull()), windows)
    return dated.group_by("customer_id", _month="period").aggregate(first_at=dated["at"].min())


def _wanted_months(reading: Reading, looked_at: Sequence[_Months]) -> ir.Table:
    """One row per period and month that it looks at: period, month, is_full, and from when a customer is old enough."""
    months = {m: i for i, m in enumerate(sorted({m for its in looked_at for m in (*its.full, its.current)}))}
    rows = [(its, month) for its in looked_at for month in dict.fromkeys((*its.full, its.current))]
    return ibis.memtable(
        pa.table(
            {
                "period": pa.array([its.window.number for its, _ in rows], pa.int64()),
                "_wanted": pa.array([months[month] for _, month in rows], pa.int64()),
                "_is_full": pa.array([month in its.full for its, month in rows], pa.bool_()),
                "_is_current": pa.array([month == its.current for its, month in rows], pa.bool_()),
                "_until": pa.array([its.window.stand for its, _ in rows], _STAMP),
            }
        )
    )


def _bounds(reading: Reading, looked_at: Sequence[_Months]) -> ir.Table:
    """One row per period: period, stands_at, and since when a customer must have been one."""
    zone = reading.time_zone
    return ibis.memtable(
        pa.table(
            {
                "period": pa.array([its.window.number for its in looked_at], pa.int64()),
                "stands_at": pa.array([its.window.stand for its in looked_at], _STAMP),
                "old_before": pa.array([_first(its, zone) for its in looked_at], _STAMP),
            }
        )
    )


def _first(months: _Months, zone: str) -> datetime:
    return start_of_local_day(months.full[-1].start, zone)


def _loyal(reading: Reading) -> ir.Table:
    """One row per period and customer with an order by then: at (first order), and how it bought.

    regular: in each of the last N full months; old_enough: customer for that long; regular_old: both;
    buys_this_month: in the month in which the period ends, up to its end.
    """
    looked_at = _looked_at(reading)
    customers = order_customers(reading).drop("again_at", "to_at")
    rows = customers.cross_join(_bounds(reading, looked_at))
    rows = plain(rows.filter(rows.from_at < rows.stands_at))
    met = _bought_months(reading, looked_at).join(_wanted_months(reading, looked_at), [("_month", "_wanted")])
    met = met.filter(met.first_at < met["_until"])
    counted = met.group_by(_who="customer_id", _when="period").aggregate(
        _full=met["_is_full"].cast("int64").sum(), _current=met["_is_current"].any()
    )
    joined = rows.left_join(counted, [("customer_id", "_who"), ("period", "_when")])
    count = len(looked_at[0].full) if looked_at else REGULAR_MONTHS
    told = joined.mutate(
        at=joined.from_at,
        old_enough=joined.from_at < joined.old_before,
        regular=(joined._full == count).fill_null(False),
        buys_this_month=joined._current.fill_null(False),
    )
    told = told.mutate(regular_old=told.regular & told.old_enough)
    return plain(told.drop("_who", "_when", "_full", "_current", "old_before", "stands_at"))


def _key(reading: Reading) -> ir.Table:
    """The key customers among them: the tenth with the most net revenue in the year before the period's end."""
    loyal = _loyal(reading)
    days = reading.whole_number("key_customer_days", VALUE_DAYS)
    windows = [Window(w.number, w.stand - timedelta(days=days), w.stand, w.stand) for w in reading.windows]
    sold = sales_rows(reading)
    sold = sold if "customer_id" in sold.columns else with_customer(plain(sold), reading)
    within = in_windows(sold.filter(sold.customer_id.notnull()), windows)
    worth = within.group_by(_who="customer_id", _when="period").aggregate(value=within.amount.cast(MONEY_SUM).sum())
    worth = worth.filter(worth.value > 0)
    order = ibis.window(group_by="_when", order_by=worth.value.desc())
    ranked = worth.mutate(_rank=ibis.rank().over(order), _all=worth.count().over(ibis.window(group_by="_when")))
    key = ranked.filter(ranked._rank < (ranked._all + KEY_OF - 1) // KEY_OF).drop("_rank", "_all")
    joined = loyal.join(key, [("customer_id", "_who"), ("period", "_when")])
    return plain(joined.drop("_who", "_when"))


_LABELS = ("contact_id", "account_id")

LOYAL_CUSTOMERS = Relation(
    name="loyal_customers",
    grain="customers",
    table="orders",
    needs=("orders",),
    rows=_loyal,
    dating=Dating.PER_PERIOD,
    dimensions=CUSTOMER_DIMENSIONS,
    labels=_LABELS,
)
KEY_CUSTOMERS = Relation(
    name="key_customers",
    grain="key customers",
    table="orders",
    needs=("orders.amount",),
    rows=_key,
    dating=Dating.PER_PERIOD,
    dimensions=CUSTOMER_DIMENSIONS,
    labels=(*_LABELS, "value"),
)
