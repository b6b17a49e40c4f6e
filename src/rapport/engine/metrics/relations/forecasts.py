"""Forecasts of bookings as they were frozen when their period began, and what was won in it.

A forecast's `period` is the period's first and last day (`2024-01-01/2024-04-01`, the last excluded, or
`2024-01-01 to 2024-03-31`), or its short name: `2024`, `2024-Q1`, `2024-01`, `2024-W05`. Its name is `bookings`, or
`bookings:owner=<id>` where it is one owner's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.local_day import local_day_of, start_of_local_day
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation, column
from rapport.engine.metrics.windows import Window, in_windows

FORECAST = "bookings"  # setting `measured_forecast`
GRACE_DAYS = 1
_OWNER = ":owner="
_STAMP = pa.timestamp("us", tz="UTC")


def names_of(period: Period) -> tuple[str, ...]:
    """What a forecast for the period may call it."""
    whole = [name(period.start) for grain, name in _SHORT.items() if Period.containing(period.start, grain) == period]
    return tuple(dict.fromkeys((f"{period.start.isoformat()}/{period.end.isoformat()}", period.label, *whole)))


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


_SHORT: dict[Grain, Callable[[date], str]] = {
    Grain.YEAR: lambda day: f"{day.year}",
    Grain.QUARTER: lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    Grain.MONTH: lambda day: f"{day:%Y-%m}",
    Grain.WEEK: _week,
    Grain.DAY: lambda day: day.isoformat(),
}


def _frozen(reading: Reading) -> ir.Table:
    """One row per period and forecast: period, at (when it was made), owner_id (null: of all), forecast_amount.

    The last one made before the second day of the period; one made later is none of the period's start.
    """
    named = str(reading.setting("measured_forecast", FORECAST))
    made = reading.lookup("forecast_snapshots", ["forecast", "made_at", "period", "value", "is_frozen"])
    owned = made.forecast.startswith(named + _OWNER)
    kept = made.filter(((made.forecast == named) | owned) & made.value.notnull() & made.is_frozen.fill_null(True))
    whose = ibis.ifelse(kept.forecast == named, ibis.null().cast("string"), kept.forecast.substr(len(named + _OWNER)))
    told = kept.rename(_called="period").mutate(owner_id=whose)
    met = told.join(_calendar(reading), [("_called", "_name")])
    early = met.filter(met.made_at < met._frozen_at)
    rank = ibis.row_number().over(
        group_by=[early.period, early.forecast], order_by=[early.made_at.desc(), early.id.desc()]
    )
    last = early.mutate(_rank=rank).filter(lambda t: t._rank == 0)
    return last.mutate(at=last.made_at, forecast_amount=last.value.cast(MONEY_SUM)).drop(
        "_rank", "_called", "_name", "_frozen_at"
    )


def _calendar(reading: Reading) -> ir.Table:
    """One row per period asked for and name of it: period, _name, _frozen_at."""
    rows = [
        (w.number, name, _frozen_at(w, reading.time_zone))
        for w in reading.windows
        for name in _names(w, reading.time_zone)
    ]
    numbers, names, instants = zip(*rows, strict=True) if rows else ((), (), ())
    return ibis.memtable(
        pa.table(
            {
                "period": pa.array(numbers, pa.int64()),
                "_name": pa.array(names, pa.string()),
                "_frozen_at": pa.array(instants, _STAMP),
            }
        )
    )


def _names(window: Window, zone: str) -> tuple[str, ...]:
    return names_of(Period(local_day_of(window.start, zone), local_day_of(window.end, zone)))


def _frozen_at(window: Window, zone: str) -> object:
    return start_of_local_day(local_day_of(window.start, zone) + timedelta(days=GRACE_DAYS), zone)


def _at_start(reading: Reading) -> ir.Table:
    """The forecast of all; where owners are asked for, theirs."""
    rows = _frozen(reading)
    return rows.filter(rows.owner_id.notnull() if reading.wants("owner_id") else rows.owner_id.isnull())


def _by_owner(reading: Reading) -> ir.Table:
    """One row per period and owner with a forecast: forecast_amount, actual_amount, error_amount."""
    rows = _frozen(reading)
    theirs = plain(rows.filter(rows.owner_id.notnull()))
    deals = reading.lookup("deals", ["status", "closed_at", "owner_id", "amount", "currency"])
    won = deals.filter((deals.status == "won") & deals.closed_at.notnull()).mutate(at=lambda t: t.closed_at)
    won = in_windows(converted(won, reading, dated_by="at"), reading.windows)
    actual = won.group_by(_period="period", _owner="owner_id").aggregate(_won=won.amount.cast(MONEY_SUM).sum())
    joined = theirs.left_join(actual, [("period", "_period"), ("owner_id", "_owner")])
    told = plain(
        joined.mutate(actual_amount=joined._won.fill_null(0).cast(MONEY_SUM)).drop("_period", "_owner", "_won")
    )
    return told.mutate(error_amount=(told.forecast_amount - told.actual_amount).abs().cast(MONEY_SUM))


FORECASTS_AT_START = Relation(
    name="forecasts_at_start",
    grain="forecasts",
    table="forecast_snapshots",
    needs=("forecast_snapshots.value",),
    rows=_at_start,
    dating=Dating.PER_PERIOD,
    dimensions={"owner": column("owner_id", own_rows=True)},
    labels=("forecast", "value"),
)
FORECASTS_BY_OWNER = Relation(
    name="forecasts_by_owner",
    grain="forecasts of owners",
    table="forecast_snapshots",
    needs=("forecast_snapshots.value", "deals.status", "deals.amount"),
    rows=_by_owner,
    dating=Dating.PER_PERIOD,
    dimensions={"owner": column("owner_id")},
    labels=("forecast", "forecast_amount", "actual_amount", "owner_id"),
)
