"""The business clock in a query: open hours between two instants of each row, and the business day of an instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.metrics.business_hours import Calendar, Interval, calendar_of
from rapport.engine.metrics.reading import Reading, plain

_UTC = ZoneInfo("UTC")
_STAMP = pa.timestamp("us", tz="UTC")
_AHEAD = timedelta(days=14)  # after this long without an opening there is no next business day


@dataclass(frozen=True)
class _Segment:
    """A stretch within one day in UTC in which the doors stay open, or shut.

    Attributes:
        before_hours: open hours from the beginning of the clock to `begins`.
        business_day: the local day of the opening, or of the next one.
    """

    day: date
    begins: datetime
    ends: datetime
    is_open: bool
    before_hours: float
    business_day: date | None


def with_business_hours(
    rows: ir.Table, reading: Reading, *, start: str, end: str, name: str = "business_hours", since: str | None = None
) -> ir.Table:
    """`rows` (id unique, and the instants `start` and `end`) with open hours between them, null where one is missing.

    Reads the calendar, and the earliest start, with the reading's runner.

    Parameters: since, the column `table.column` whose earliest instant no start precedes; asking it is cheaper than
        asking the rows.
    """
    timed = rows.filter(rows[start].notnull() & rows[end].notnull()).select("id", start, end)
    clock = _clock_of(_starts(reading, since, timed[start]), reading, calendar_of(reading))
    timed = _with_open_hours(timed, clock, start, "_before")
    timed = _with_open_hours(timed, clock, end, "_after")
    hours = timed.select(_timed="id", **{name: timed._after - timed._before})
    return plain(rows.left_join(hours, [("id", "_timed")]).drop("_timed"))


def with_business_day(rows: ir.Table, reading: Reading, *, at: str, done: str, since: str | None = None) -> ir.Table:
    """`rows` with the business day to which instant `at` belongs, and `_done_day`, the local day of `done` there.

    What comes in after hours belongs to the next business day. Both are null where their instant is.
    """
    calendar = calendar_of(reading)
    clock = _clock_of(_starts(reading, since, rows[at]), reading, calendar)
    clock = clock.select("day", "begins", "ends", "business_day")
    found = _met(rows.select("id", at), clock, at).select(_dated="id", business_day="business_day")
    joined = plain(rows.left_join(found, [("id", "_dated")]).drop("_dated"))
    return joined.mutate(_done_day=local_day(joined[done], calendar.time_zone))


def _starts(reading: Reading, path: str | None, else_: ir.Column) -> ir.Column:
    if path is None:
        return else_
    table, _, column = path.partition(".")
    return reading.view.snapshot.table(table, needed_by=reading.needed_by)[column]


def _clock_of(starts: ir.Column, reading: Reading, calendar: Calendar) -> ir.Table:
    assert reading.runner is not None
    answer = reading.runner.to_arrow(starts.min().name("first").as_table())
    first = answer["first"][0].as_py() or reading.view.at
    begins = datetime.combine(first.astimezone(_UTC).date(), time(), _UTC)
    ends = datetime.combine(reading.view.at.astimezone(_UTC).date() + timedelta(days=1), time(), _UTC)
    intervals = calendar.intervals(begins, ends + _AHEAD)
    return _as_table(list(_segments(intervals, begins, ends, calendar.time_zone)))


def _segments(intervals: Sequence[Interval], begins: datetime, ends: datetime, zone: str) -> Iterator[_Segment]:
    """Open and shut stretches from `begins` to `ends`, cut at midnight in UTC."""
    hours, at = 0.0, begins
    for opens, closes in (*intervals, (None, None)):
        day = local_day_of(opens, zone) if opens else None
        for part in _days(at, min(opens or ends, ends)):
            yield _Segment(part[0].date(), *part, is_open=False, before_hours=hours, business_day=day)
        if opens is None or closes is None or opens >= ends:
            return
        for part in _days(opens, min(closes, ends)):
            yield _Segment(
                part[0].date(), *part, is_open=True, before_hours=hours, business_day=local_day_of(part[0], zone)
            )
            hours += (part[1] - part[0]).total_seconds() / 3600
        at = closes


def _days(start: datetime, end: datetime) -> Iterator[Interval]:
    while start < end:
        midnight = datetime.combine(start.date() + timedelta(days=1), time(), _UTC)
        yield start, min(midnight, end)
        start = midnight


def _as_table(segments: Sequence[_Segment]) -> ir.Table:
    rows = {
        "day": pa.array([s.day for s in segments], pa.date32()),
        "begins": pa.array([s.begins for s in segments], _STAMP),
        "ends": pa.array([s.ends for s in segments], _STAMP),
        "is_open": pa.array([s.is_open for s in segments], pa.bool_()),
        "before_hours": pa.array([s.before_hours for s in segments], pa.float64()),
        "business_day": pa.array([s.business_day for s in segments], pa.date32()),
    }
    return ibis.memtable(pa.table(rows))


def _with_open_hours(rows: ir.Table, clock: ir.Table, at: str, name: str) -> ir.Table:
    """Hours open from the beginning of the clock to the instant `at`."""
    met = _met(rows, clock.drop("business_day"), at)
    passed = met[at].delta(met.begins, unit="microsecond").cast("float64") / 3.6e9
    hours = met.before_hours + ibis.ifelse(met.is_open, passed, 0.0)
    return plain(met.mutate(**{name: hours}).drop("day", "begins", "ends", "is_open", "before_hours"))


def _met(rows: ir.Table, clock: ir.Table, at: str) -> ir.Table:
    """Rows with the segment in which `at` falls. The day is compared first: engines hash it."""
    dated = rows.mutate(_day=local_day(rows[at], "UTC"))
    joined = dated.join(clock, [dated._day == clock.day, dated[at] >= clock.begins, dated[at] < clock.ends])
    return joined.drop("_day")
