"""Periods that people pick."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.period import Period
from rapport.workspace.metrics.periods import chosen, compared_with

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("7d", date(2026, 3, 24), date(2026, 3, 31)),
        ("30d", date(2026, 3, 1), date(2026, 3, 31)),
        ("12m", date(2025, 3, 31), date(2026, 3, 31)),
        ("month", date(2026, 3, 1), date(2026, 4, 1)),
        ("last-month", date(2026, 2, 1), date(2026, 3, 1)),
        ("quarter", date(2026, 1, 1), date(2026, 4, 1)),
        ("last-quarter", date(2025, 10, 1), date(2026, 1, 1)),
        ("year", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-02-10..2026-02-12", date(2026, 2, 10), date(2026, 2, 13)),
    ],
)
def test_days_of_a_period(name: str, start: date, end: date) -> None:
    assert chosen(name, today=TODAY).period == Period(start, end)


@pytest.mark.parametrize("name", ["fortnight", "2026-02-30..2026-03-01", "..", "2026-03-02..2026-03-01"])
def test_other_words_are_refused(name: str) -> None:
    with pytest.raises(DefinitionError):
        chosen(name, today=TODAY)


@pytest.mark.parametrize(
    ("name", "comparison", "start", "end"),
    [
        ("30d", "previous", date(2026, 1, 30), date(2026, 3, 1)),
        ("last-month", "previous", date(2026, 1, 1), date(2026, 2, 1)),
        ("last-month", "year", date(2025, 2, 1), date(2025, 3, 1)),
        ("30d", "year", date(2025, 3, 1), date(2025, 3, 31)),
    ],
)
def test_what_a_period_is_compared_with(name: str, comparison: str, start: date, end: date) -> None:
    assert compared_with(chosen(name, today=TODAY), comparison) == Period(start, end)


def test_a_month_so_far_is_compared_with_the_same_part_of_the_month_before() -> None:
    so_far = chosen("month", today=date(2026, 3, 10))
    assert compared_with(so_far, "previous") == Period(date(2026, 2, 1), date(2026, 2, 11))


def test_a_31st_is_compared_with_the_whole_shorter_month() -> None:
    assert compared_with(chosen("month", today=TODAY), "previous") == Period(date(2026, 2, 1), date(2026, 3, 1))


def test_nothing_to_compare_with() -> None:
    assert compared_with(chosen("30d", today=TODAY), "none") is None
