"""Local days: the only place where an instant becomes a day.

Ibis' cast to a zoned timestamp silently ignores the zone on DuckDB and Spark, so each engine's own
builtin is called by name. Sessions are forced to UTC by the runner.
"""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir


@ibis.udf.scalar.builtin(name="rapport_local_time", signature=(("string", "timestamp('UTC')"), "timestamp"))
def _local_time(zone: str, at: datetime) -> datetime:  # type: ignore[empty-body]
    """Wall-clock time at `at` in `zone`; DuckDB macro and Spark function of this name are made by each runner."""


def local_time(at: ir.TimestampValue, time_zone: str) -> ir.TimestampValue:
    """The wall-clock time of an instant in a zone, without zone."""
    return _local_time(time_zone, at)


def local_day(at: ir.TimestampValue, time_zone: str) -> ir.DateValue:
    """The day on which an instant falls in a zone: 2024-03-30 23:30Z in Stockholm is 31 March."""
    return local_time(at, time_zone).cast("date")


def local_day_of(at: datetime, time_zone: str) -> date:
    """`local_day` for one instant, in Python."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def start_of_local_day(day: date, time_zone: str) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(ZoneInfo("UTC"))
