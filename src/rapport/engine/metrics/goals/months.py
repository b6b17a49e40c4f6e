"""Months counted back from a day, so that each is whole and the newest ends just before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from dateutil.relativedelta import relativedelta

from rapport.engine.metrics.period import Period


def months_before(cut: date, count: int) -> tuple[Period, ...]:
    """The `count` months that end before `cut`, oldest first: before 15 March the newest is 15 February to 14 March."""
    ends = [cut - relativedelta(months=back) for back in range(count, -1, -1)]
    return tuple(Period(start, end) for start, end in pairwise(ends))


def trailing(cut: date, count: int, *, days: int) -> tuple[Period, ...]:
    """As many windows of `days` days, ending where those months end."""
    return tuple(Period.last_days(days, until=month.end) for month in months_before(cut, count))


def months_between(first: date, last: date) -> float:
    """How many months from one day to a later one, a part of a month as its share of days; 0 where it is not later."""
    if last <= first:
        return 0.0
    whole = 0
    while first + relativedelta(months=whole + 1) <= last:
        whole += 1
    begun = first + relativedelta(months=whole)
    return whole + (last - begun).days / ((first + relativedelta(months=whole + 1)) - begun).days


def knots(cut: date, span: Period) -> Iterator[tuple[date, int]]:
    """The span's first day, the days a whole number of months from `cut`, and the day after its last; each with the
    number of the month, counted from `cut`, that begins or goes on there."""
    number = -int(months_between(span.start, cut)) - 2
    while cut + relativedelta(months=number + 1) <= span.start:
        number += 1
    yield span.start, number
    while (day := cut + relativedelta(months=number + 1)) < span.end:
        number += 1
        yield day, number
    yield span.end, number


def days_of_month(cut: date, number: int) -> int:
    """How many days the month of a number, counted from `cut`, has."""
    return (cut + relativedelta(months=number + 1) - (cut + relativedelta(months=number))).days
