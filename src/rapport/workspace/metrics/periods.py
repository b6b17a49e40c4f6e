"""The periods people pick, and what they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.period import Grain, Period

COMPARISONS: Mapping[str, str] = {"previous": "the period before", "year": "a year earlier", "none": "nothing"}
DEFAULT_PERIOD, DEFAULT_COMPARISON = "30d", "previous"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A period as picked: its name (a key of `PERIODS`, or `2026-01-01..2026-03-31`), a label for people, its days."""

    name: str
    label: str
    period: Period

    @property
    def last(self) -> date:
        return self.period.end - timedelta(days=1)


def _tomorrow(today: date) -> date:
    return today + timedelta(days=1)


def _days(count: int) -> Callable[[date], Period]:
    """The newest `count` whole days: up to yesterday, so that they compare with other whole days."""
    return lambda today: Period.last_days(count, until=today)


def _so_far(grain: Grain) -> Callable[[date], Period]:
    """The calendar month, quarter or year up to today."""
    return lambda today: Period(Period.containing(today, grain).start, _tomorrow(today))


def _before(grain: Grain) -> Callable[[date], Period]:
    return lambda today: Period.containing(today, grain).previous()


def _twelve_months(today: date) -> Period:
    return Period(today - relativedelta(months=12), today)


PERIODS: Mapping[str, tuple[str, Callable[[date], Period]]] = {
    "7d": ("Last 7 days", _days(7)),
    "30d": ("Last 30 days", _days(30)),
    "90d": ("Last 90 days", _days(90)),
    "12m": ("Last 12 months", _twelve_months),
    "month": ("This month", _so_far(Grain.MONTH)),
    "last-month": ("Last month", _before(Grain.MONTH)),
    "quarter": ("This quarter", _so_far(Grain.QUARTER)),
    "last-quarter": ("Last quarter", _before(Grain.QUARTER)),
    "year": ("This year", _so_far(Grain.YEAR)),
}
_SO_FAR = {"month": 1, "quarter": 3, "year": 12}


def chosen(name: str, *, today: date) -> Chosen:
    """A named period, or `2026-01-01..2026-03-31`, both days included. Raises DefinitionError for anything else."""
    if name in PERIODS:
        label, period_of = PERIODS[name]
        return Chosen(name=name, label=label, period=period_of(today))
    first_text, _, last_text = name.partition("..")
    try:
        period = Period(date.fromisoformat(first_text), _tomorrow(date.fromisoformat(last_text)))
    except (ValueError, OverflowError):
        raise DefinitionError(
            "not a period", where="period", received=name, allowed=(*PERIODS, "first..last")
        ) from None
    return Chosen(name=name, label=period.label, period=period)


def compared_with(picked: Chosen, comparison: str) -> Period | None:
    """The period to compare with, or none.

    A calendar month, quarter or year that is not over is compared with the same part of the one before.
    """
    if comparison not in COMPARISONS:
        raise DefinitionError("not a comparison", where="comparison", received=comparison, allowed=tuple(COMPARISONS))
    if comparison == "none":
        return None
    if comparison == "year":
        return picked.period.last_year()
    if (months := _SO_FAR.get(picked.name)) is not None:
        back = relativedelta(months=months)
        return Period(picked.period.start - back, _tomorrow(picked.last - back))
    return picked.period.previous()
