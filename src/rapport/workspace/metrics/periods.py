"""The periods people pick, as half-open spans of local days in the reporting time zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from rapport.engine.errors import DefinitionError

COMPARISONS: Mapping[str, str] = {"previous": "previous period", "year": "same period last year", "none": "nothing"}


@dataclass(frozen=True, kw_only=True)
class Span:
    """Local days from `first` to before `end`, and how they were picked.

    Attributes: name (a key of `PERIODS`, or `custom`), label for people.
    """

    name: str
    label: str
    first: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.first:
            raise DefinitionError(
                "A period ends after it starts.", where="period", received=f"{self.first} to {self.end}"
            )

    def instants(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and (excluded) end as instants of the zone's local midnights."""
        return tuple(datetime.combine(day, time(), tzinfo=zone) for day in (self.first, self.end))  # type: ignore[return-value]

    @property
    def day_count(self) -> int:
        return (self.end - self.first).days

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)


def _days(count: int) -> Callable[[date], tuple[date, date]]:
    """The newest `count` days, today included."""
    return lambda today: (today - timedelta(days=count - 1), today + timedelta(days=1))


def _month(today: date, back: int = 0) -> tuple[date, date]:
    first = today.replace(day=1) - relativedelta(months=back)
    return first, (today + timedelta(days=1) if back == 0 else first + relativedelta(months=1))


def _quarter(today: date, back: int = 0) -> tuple[date, date]:
    first = today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1) - relativedelta(months=3 * back)
    return first, (today + timedelta(days=1) if back == 0 else first + relativedelta(months=3))


def _year(today: date) -> tuple[date, date]:
    return today.replace(month=1, day=1), today + timedelta(days=1)


PERIODS: Mapping[str, tuple[str, Callable[[date], tuple[date, date]]]] = {
    "7d": ("last 7 days", _days(7)),
    "30d": ("last 30 days", _days(30)),
    "90d": ("last 90 days", _days(90)),
    "12m": (
        "last 12 months",
        lambda today: (today + timedelta(days=1) - relativedelta(months=12), today + timedelta(days=1)),
    ),
    "month": ("this month", _month),
    "last-month": ("last month", lambda today: _month(today, 1)),
    "quarter": ("this quarter", _quarter),
    "last-quarter": ("last quarter", lambda today: _quarter(today, 1)),
    "year": ("this year", _year),
}


def span(name: str, *, today: date) -> Span:
    """A named period, or `2026-01-01..2026-03-31` (both days included)."""
    if name in PERIODS:
        label, days_of = PERIODS[name]
        first, end = days_of(today)
        return Span(name=name, label=label, first=first, end=end)
    first_text, dots, last_text = name.partition("..")
    try:
        first, last = date.fromisoformat(first_text), date.fromisoformat(last_text)
    except ValueError:
        dots = ""
        first = last = today
    if not dots:
        raise DefinitionError("not a period", where="period", received=name, allowed=(*PERIODS, "first..last"))
    return Span(name=name, label=f"{first:%-d %b %Y} to {last:%-d %b %Y}", first=first, end=last + timedelta(days=1))


def compared_with(chosen: Span, comparison: str) -> Span | None:
    """The period to compare with: the one of equal length just before, the same a year ago, or none.

    Calendar months and quarters that are not over yet are compared with their own part of the earlier one.
    """
    if comparison not in COMPARISONS:
        raise DefinitionError("not a comparison", where="comparison", received=comparison, allowed=tuple(COMPARISONS))
    if comparison == "none":
        return None
    back = relativedelta(years=1) if comparison == "year" else _step(chosen)
    return Span(
        name=comparison, label=COMPARISONS[comparison], first=chosen.first - back, end=_earlier_end(chosen, back)
    )


def months_until(end: date, *, count: int) -> Span:
    """The `count` calendar months up to the one that holds the day before `end`, that one included."""
    last = (end - timedelta(days=1)).replace(day=1)
    return Span(
        name="series",
        label=f"{count} months",
        first=last - relativedelta(months=count - 1),
        end=last + relativedelta(months=1),
    )


def _step(chosen: Span) -> relativedelta:
    months = {"month": 1, "last-month": 1, "quarter": 3, "last-quarter": 3, "year": 12, "12m": 12}.get(chosen.name)
    return relativedelta(months=months) if months else relativedelta(days=chosen.day_count)


def _earlier_end(chosen: Span, back: relativedelta) -> date:
    """A last day of February or of a 30-day month must not cut the earlier period short by clamping."""
    if back.days or chosen.name in ("month", "quarter", "year"):
        return chosen.last - back + timedelta(days=1)
    return chosen.end - back
