"""Periods: half-open runs of local days, `start` included and `end` excluded.

A period names days, not instants. It becomes instants in the company's reporting zone, where a day
of a clock change has 23 or 25 hours.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from rapport.engine.crm.local_day import start_of_local_day
from rapport.engine.errors import DefinitionError


class Grain(StrEnum):
    """How finely a period is cut into a series."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, order=True)
class Period:
    """Local days from `start` up to, not including, `end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise DefinitionError(
                "A period ends after it starts.",
                received=f"{self.start.isoformat()} to {self.end.isoformat()}",
                next_step="The end is the day after the last one.",
            )

    @classmethod
    def day(cls, day: date) -> Period:
        return cls(day, day + timedelta(days=1))

    @classmethod
    def week(cls, year: int, week: int) -> Period:
        """An ISO week, Monday to Sunday: `week(2024, 1)` starts on 1 January 2024."""
        return cls.containing(date.fromisocalendar(year, week, 1), Grain.WEEK)

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        return cls.containing(date(year, month, 1), Grain.MONTH)

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Period:
        return cls.containing(date(year, 3 * quarter - 2, 1), Grain.QUARTER)

    @classmethod
    def year(cls, year: int) -> Period:
        return cls.containing(date(year, 1, 1), Grain.YEAR)

    @classmethod
    def containing(cls, day: date, grain: Grain) -> Period:
        """The calendar day, week, month, quarter or year in which a day falls."""
        start = _start_of(day, grain)
        return cls(start, _next_start(start, grain))

    @classmethod
    def last_days(cls, count: int, *, until: date) -> Period:
        """The `count` days before `until`, which is not one of them."""
        return cls(until - timedelta(days=count), until)

    @classmethod
    def last_months(cls, count: int, *, until: date) -> Period:
        """The month of `until` and the `count - 1` whole months before it."""
        last = cls.containing(until, Grain.MONTH)
        return cls(_months_later(last.start, 1 - count), last.end)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def label(self) -> str:
        """`2024-03-01 to 2024-03-31`, both days included; one day alone as itself."""
        last = self.end - timedelta(days=1)
        return self.start.isoformat() if last == self.start else f"{self.start.isoformat()} to {last.isoformat()}"

    def previous(self) -> Period:
        """The period before: whole months before whole months, else as many days."""
        months = self._whole_months()
        start = _months_later(self.start, -months) if months else self.start - timedelta(days=self.days)
        return Period(start, self.start)

    def last_year(self) -> Period:
        """The same period a year before: ISO weeks by their number, other days by their date."""
        if self.days == 7 and self.start.isoweekday() == 1:
            start = self.start - timedelta(weeks=52)
            return Period(start, start + timedelta(days=7))
        return Period(_months_later(self.start, -12), _months_later(self.end, -12))

    def split(self, grain: Grain) -> tuple[Period, ...]:
        """Its days, weeks, months ... in order; the first and the last are cut where the period cuts them."""
        parts = []
        start = self.start
        while start < self.end:
            end = min(_next_start(_start_of(start, grain), grain), self.end)
            parts.append(Period(start, end))
            start = end
        return tuple(parts)

    def instants(self, time_zone: str) -> tuple[datetime, datetime]:
        """The first instant of the period and the first after it, in UTC."""
        return start_of_local_day(self.start, time_zone), start_of_local_day(self.end, time_zone)

    def _whole_months(self) -> int:
        if self.start.day != 1 or self.end.day != 1:
            return 0
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month


def _start_of(day: date, grain: Grain) -> date:
    if grain is Grain.WEEK:
        return day - timedelta(days=day.isoweekday() - 1)
    if grain is Grain.MONTH:
        return day.replace(day=1)
    if grain is Grain.QUARTER:
        return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return date(day.year, 1, 1) if grain is Grain.YEAR else day


def _next_start(start: date, grain: Grain) -> date:
    if grain in (Grain.DAY, Grain.WEEK):
        return start + timedelta(days=1 if grain is Grain.DAY else 7)
    return _months_later(start, {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain])


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where that month is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
