"""Business time: how long a company's doors were open between two instants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rapport.engine.errors import DataError, EngineCannot
from rapport.engine.metrics.reading import Reading

Interval = tuple[datetime, datetime]
_UTC = ZoneInfo("UTC")
_DAY = 1440.0  # minutes
_COLUMNS = ("name", "time_zone", "weekday", "opens", "closes", "valid_from", "valid_to", "holiday")


@dataclass(frozen=True)
class Opening:
    """Opening hours on one weekday, in minutes of the local day; 1 Monday ... 7 Sunday.

    Attributes:
        closes: at or before `opens` for hours that end on the next day (12:00 to 02:00).
        valid_from, valid_to: local days between which the hours are in force, the last excluded; None is open.
    """

    weekday: int
    opens: float
    closes: float
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return day.isoweekday() == self.weekday and self.in_force(day)

    def in_force(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)

    def parts(self, day: date) -> Iterator[tuple[date, float, float]]:
        """(day, opens, closes) within local days: hours over midnight come in two parts."""
        if self.opens < self.closes:
            yield day, self.opens, self.closes
        else:
            yield day, self.opens, _DAY
            yield day + timedelta(days=1), 0.0, self.closes


@dataclass(frozen=True)
class Calendar:
    """When a company works, in its own zone."""

    time_zone: str
    openings: tuple[Opening, ...]
    holidays: frozenset[date] = frozenset()

    def intervals(self, start: datetime, end: datetime) -> list[Interval]:
        """Open intervals between two instants in UTC, in order, joined where they touch."""
        zone = ZoneInfo(self.time_zone)
        day, last = start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date()
        found: list[Interval] = []
        while day <= last:
            parts = (part for opening in self.openings if opening.holds_on(day) for part in opening.parts(day))
            found += [(_at(d, opens, zone), _at(d, closes, zone)) for d, opens, closes in parts if self.works_on(d)]
            day += timedelta(days=1)
        clipped = ((max(opens, start), min(closes, end)) for opens, closes in found)
        return joined_up(interval for interval in clipped if interval[0] < interval[1])

    def works_on(self, day: date) -> bool:
        return day not in self.holidays

    def days(self, start: datetime, end: datetime) -> list[date]:
        """Working days between two instants: local days on which the doors open."""
        zone = ZoneInfo(self.time_zone)
        opened = (opens.astimezone(zone).date() for opens, _ in self.intervals(start, end))
        return sorted(set(opened))

    def last_schedule(self, day: date) -> Calendar:
        """The calendar as if the hours in force on a day had always been."""
        held = (opening for opening in self.openings if opening.in_force(day))
        return replace(self, openings=tuple(replace(o, valid_from=None, valid_to=None) for o in held))


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


def calendar_of(reading: Reading) -> Calendar:
    """The company's calendar.

    With several the setting `business_calendar` names the one to use. Setting `business_schedule`: `in_force`
    (default) counts each schedule while it was in force, `last` takes the one of the day asked about for all time.
    Raises: EngineCannot without a runner, DataError where it is not told which calendar to use.
    """
    if reading.runner is None:
        raise EngineCannot("Business hours need a runner to read the calendars.", where=reading.needed_by)
    rows = reading.runner.to_arrow(reading.lookup("business_calendars", _COLUMNS)).to_pylist()
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
    calendar = calendar_from(chosen)
    if reading.setting("business_schedule", "in_force") == "last":
        return calendar.last_schedule(reading.view.at.astimezone(ZoneInfo(calendar.time_zone)).date())
    return calendar


def _at(day: date, minutes: float, zone: ZoneInfo) -> datetime:
    """An instant from minutes of a local day, by the clock on the wall; 1440 is the midnight that ends it."""
    return (datetime.combine(day, time(), zone) + timedelta(minutes=minutes)).astimezone(_UTC)


def _minutes(clock: str) -> float:
    """Of `HH:MM` or `HH:MM:SS`."""
    hours, minutes, seconds = (*clock.split(":"), "0", "0")[:3]
    return int(hours) * 60 + int(minutes) + int(seconds) / 60
