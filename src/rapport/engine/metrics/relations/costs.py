"""What was spent on winning customers, day by day of the service and not of the invoice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.exchange import in_base_currency
from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.cycle_lag import median_cycle_days
from rapport.engine.metrics.windows import Window

MARKETING_COSTS = ("marketing", "media")
ACQUISITION_COSTS = ("sales", *MARKETING_COSTS)

_DIMENSIONS: dict[str, Dimension] = {
    "category": column("category"),
    "campaign": column("campaign_id"),
    "channel": through("campaign_id", "campaigns", "channel"),
    "currency": column("currency"),
}


def acquisition_costs(reading: Reading) -> ir.Table:
    """One row per cost of sales, marketing or media: amount in base currency, from_day, until_day (excluded), days.

    Converted at the rate of the first day of the service. A cost without days counts on the day it was recorded.
    """
    columns = ["category", "campaign_id", "amount", "currency", "period_start", "period_end", "created_at"]
    rows = reading.table("costs", columns)
    rows = rows.filter(rows.category.isin(list(ACQUISITION_COSTS)))
    assumed = rows.period_start.isnull()
    first = ibis.coalesce(rows.period_start, local_day(rows.created_at, reading.time_zone))
    rows = rows.mutate(from_day=first, assumed=assumed).filter(first.notnull())
    next_day = rows.from_day + ibis.interval(days=1)
    until = ibis.greatest(ibis.coalesce(rows.period_end, next_day.cast("date")), next_day.cast("date"))
    rows = rows.mutate(until_day=until)
    dated = rows.mutate(
        days=rows.until_day.delta(rows.from_day, unit="day"), at=rows.from_day.cast("timestamp('UTC', 6)")
    )
    # the first day is a day already: read as an instant of UTC it is the same day there
    return in_base_currency(dated, reading.view, dated_by="at", needed_by=reading.needed_by, time_zone="UTC")


def _spread(reading: Reading, *, days_back: int = 0) -> ir.Table:
    """One row per cost and period that its service touches: at (its first day), amount (of those days), its kind.

    covers_start, covers_end: whether the service had begun on the period's first day, and lasts to its end, or to
    today where it is not over. The amounts of the parts of a period add up to that of the whole, to the last digit.
    """
    rows = acquisition_costs(reading).cross_join(_days(reading.windows, reading, days_back))
    rows = rows.filter((rows.from_day < rows.window_until) & (rows.until_day > rows.window_from))
    before = ibis.greatest(rows.window_from.delta(rows.from_day, unit="day"), 0)
    until = ibis.least(rows.window_until.delta(rows.from_day, unit="day"), rows.days)
    sales = rows.category == "sales"
    starts, ends = rows.from_day <= rows.window_from, rows.until_day >= rows.window_until
    spread = rows.mutate(
        amount=_part(rows, until) - _part(rows, before),
        is_sales=sales,
        is_marketing=~sales,
        is_media=rows.category == "media",
        sales_covers_start=sales & starts,
        sales_covers_end=sales & ends,
        marketing_covers_start=~sales & starts,
        marketing_covers_end=~sales & ends,
    )
    return plain(spread.drop("window_from", "window_until"))


def _part(rows: ir.Table, days: ir.IntegerValue) -> ir.DecimalValue:
    """The amount of the first days, rounded to money; differences of it add up."""
    return (rows.amount.cast("float64") * days / rows.days).cast(MONEY_SUM)


def _days(windows: Sequence[Window], reading: Reading, days_back: int) -> ir.Table:
    """The windows as local days, the last excluded; a period that is not over ends with today."""
    zone, back = reading.time_zone, timedelta(days=days_back)

    def bounds(window: Window) -> tuple[date, date]:
        until = local_day_of(window.stand - timedelta(microseconds=1), zone) + timedelta(days=1)
        return local_day_of(window.start, zone) - back, until - back

    days = [bounds(window) for window in windows]
    return ibis.memtable(
        pa.table(
            {
                "period": pa.array([w.number for w in windows], pa.int64()),
                "window_from": pa.array([start for start, _ in days], pa.date32()),
                "window_until": pa.array([until for _, until in days], pa.date32()),
            }
        )
    )


def _lagged(reading: Reading) -> ir.Table:
    """Costs of the days that lie a median sales cycle before each period.

    Raises DataError where no won deal tells how long a sale takes, or there is no runner to ask.
    """
    return _spread(reading, days_back=median_cycle_days(reading))


_NEEDS = ("costs.amount", "costs.category")
_LABELS = ("category", "amount", "from_day", "until_day", "campaign_id")

COSTS = Relation(
    name="acquisition_costs",
    grain="costs",
    table="costs",
    needs=_NEEDS,
    rows=_spread,
    dating=Dating.PER_PERIOD,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
)
LAGGED_COSTS = Relation(
    name="lagged_acquisition_costs",
    grain="costs",
    table="costs",
    needs=(*_NEEDS, "deals.closed_at"),
    rows=_lagged,
    dating=Dating.PER_PERIOD,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
)
