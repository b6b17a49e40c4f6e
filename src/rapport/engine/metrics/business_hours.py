"""Business time: how long a company's doors were open between two instants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.errors import DataError, EngineCannot
from rapport.engine.metrics.reading import Reading, plain

Interval = tuple[datetime, datetime]
_UTC = ZoneInfo("UTC")
_LONG_AGO = datetime(1900, 1, 1, tzinfo=_UTC)
_STAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Opening:
    """Opening hours on one weekday, in minutes of the local day; 1 Monday ... 7 Sunday.

    Attributes:
        valid_from, valid_to: local days between which the hours are in force, the last excluded; None is open.
    """

    weekday: int
    opens: int
    closes: int
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return day.isoweekday() == self.weekday and begun and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True)
class Calendar:
    """When a company works, in its own zone."""

    time_zone: str
    openings: tuple[Opening, ...]
    holidays: frozenset[date] = frozenset()

    def intervals(self, start: datetime, end: datetime) -> list[Interval]:
        """Open intervals between two instants in UTC, in order, joined where they touch."""
        zone = ZoneInfo(self.time_zone)
        day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        found: list[Interval] = []
        while day <= last:
            if day not in self.holidays:
                held = (opening for opening in self.openings if opening.holds_on(day))
                found += [(_at(day, opening.opens, zone), _at(day, opening.closes, zone)) for opening in held]
            day += timedelta(days=1)
        clipped = ((max(opens, start), min(closes, end)) for opens, closes in found)
        return joined_up(interval for interval in clipped if interval[0] < interval[1])


def joined_up(intervals: Iterable[Interval]) -> list[Interval]:
    """In order and without overlaps."""
    found: list[Interval] = []
    for opens, closes in sorted(intervals):
        if found and opens <= found[-1][1]:
            found[-1] = (found[-1][0], max(closes, found[-1][1]))
        else:
            found.append((opens, closes))
    return found


def open_seconds(intervals: Iterable[Interval], start: datetime, end: datetime) -> float:
    """Seconds of [start, end) that lie in the intervals, which must not overlap."""
    overlaps = ((min(closes, end) - max(opens, start)).total_seconds() for opens, closes in intervals)
    return sum(seconds for seconds in overlaps if seconds > 0)


def calendar_from(rows: Sequence[Mapping[str, object]]) -> Calendar:
    """A calendar from its rows of `business_calendars`."""
    openings, holidays = [], set()
    for row in rows:
        if isinstance(row["holiday"], date):
            holidays.add(row["holiday"])
        elif isinstance(row["weekday"], int | float):
            openings.append(
                Opening(
                    int(row["weekday"]),
                    _minutes(str(row["opens"])),
                    _minutes(str(row["closes"])),
                    row["valid_from"] if isinstance(row["valid_from"], date) else None,
                    row["valid_to"] if isinstance(row["valid_to"], date) else None,
                )
            )
    return Calendar(str(rows[0]["time_zone"]), tuple(openings), frozenset(holidays))


def with_business_hours(rows: ir.Table, reading: Reading, *, start: str, end: str) -> ir.Table:
    """`rows` (id, and the instants `start` and `end`) with `business_hours` between them.

    Reads the calendars, and the earliest start, with the reading's runner. With several calendars the setting
    `business_calendar` names the one to use.
    """
    if reading.runner is None:
        raise EngineCannot("Business hours need a runner to read the calendars.", where=reading.needed_by)
    answer = reading.runner.to_arrow(rows.aggregate(first=rows[start].min()))
    first = answer["first"][0].as_py() or reading.view.at
    clock = _clock(_calendar(reading).intervals(first, reading.view.at))
    timed = _with_open_hours(rows, clock, start, "_before")
    timed = _with_open_hours(timed, clock, end, "_after")
    return timed.mutate(business_hours=timed._after - timed._before).drop("_before", "_after")


def _calendar(reading: Reading) -> Calendar:
    assert reading.runner is not None
    columns = ["name", "time_zone", "weekday", "opens", "closes", "valid_from", "valid_to", "holiday"]
    rows = reading.runner.to_arrow(reading.lookup("business_calendars", columns)).to_pylist()
    names = sorted({str(row["name"]) for row in rows})
    wanted = reading.setting("business_calendar", names[0] if len(names) == 1 else None)
    chosen = [row for row in rows if row["name"] == wanted]
    if not chosen:
        raise DataError(
            "Which business calendar to use is not told.",
            where=reading.needed_by,
            received=wanted,
            allowed=names,
            next_step="Name one in the setting business_calendar.",
        )
    return calendar_from(chosen)


def _clock(intervals: Sequence[Interval]) -> ir.Table:
    """One row per open interval: opens_at, closes_at, until (the next opening), hours open before it."""
    opens = [_LONG_AGO, *(interval[0] for interval in intervals)]
    closes = [_LONG_AGO, *(interval[1] for interval in intervals)]
    before, hours = [], 0.0
    for opened, closed in zip(opens, closes, strict=True):
        before.append(hours)
        hours += (closed - opened).total_seconds() / 3600
    rows = {
        "opens_at": pa.array(opens, _STAMP),
        "closes_at": pa.array(closes, _STAMP),
        "until": pa.array([*opens[1:], None], _STAMP),
        "before_hours": pa.array(before, pa.float64()),
    }
    return ibis.memtable(pa.table(rows))


def _with_open_hours(rows: ir.Table, clock: ir.Table, at: str, name: str) -> ir.Table:
    """Hours open from the beginning of the clock to the instant `at`."""
    joined = rows.cross_join(clock)
    met = joined.filter((joined[at] >= joined.opens_at) & (joined.until.isnull() | (joined[at] < joined.until)))
    passed = ibis.least(met[at], met.closes_at).delta(met.opens_at, unit="microsecond").cast("float64") / 3.6e9
    return plain(met.mutate(**{name: met.before_hours + passed}).drop("opens_at", "closes_at", "until", "before_hours"))


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """An instant from minutes of a local day; 1440 is the midnight that ends it."""
    days, rest = divmod(minutes, 1440)
    return datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone).astimezone(_UTC)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes or 0)
