"""Periods of local days."""

from datetime import UTC, date, datetime

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics import Grain, Period


def test_an_iso_week_starts_on_monday_and_may_start_in_the_year_before() -> None:
    assert Period.week(2024, 1) == Period(date(2024, 1, 1), date(2024, 1, 8))
    assert Period.week(2026, 1) == Period(date(2025, 12, 29), date(2026, 1, 5))


def test_months_quarters_and_years_end_where_the_next_one_starts() -> None:
    assert Period.month(2024, 2) == Period(date(2024, 2, 1), date(2024, 3, 1))
    assert Period.month(2024, 12).end == date(2025, 1, 1)
    assert Period.quarter(2024, 4) == Period(date(2024, 10, 1), date(2025, 1, 1))
    assert Period.year(2024).days == 366


def test_the_period_before_whole_months_is_whole_months() -> None:
    assert Period.month(2024, 3).previous() == Period.month(2024, 2)
    assert Period.quarter(2024, 1).previous() == Period.quarter(2023, 4)
    assert Period(date(2024, 3, 5), date(2024, 3, 15)).previous() == Period(date(2024, 2, 24), date(2024, 3, 5))


def test_last_year_keeps_the_date_and_for_weeks_the_weekday() -> None:
    assert Period.month(2024, 2).last_year() == Period.month(2023, 2)
    assert Period(date(2024, 2, 29), date(2024, 3, 1)).last_year() == Period(date(2023, 2, 28), date(2023, 3, 1))
    assert Period.week(2024, 10).last_year() == Period.week(2023, 10)


def test_last_days_do_not_hold_the_day_itself_and_last_months_hold_the_running_one() -> None:
    assert Period.last_days(7, until=date(2024, 3, 8)) == Period(date(2024, 3, 1), date(2024, 3, 8))
    assert Period.last_months(2, until=date(2024, 3, 8)) == Period(date(2024, 2, 1), date(2024, 4, 1))


def test_a_period_is_split_without_gap_and_cut_at_its_ends() -> None:
    parts = Period(date(2024, 1, 30), date(2024, 3, 2)).split(Grain.MONTH)
    assert parts == (
        Period(date(2024, 1, 30), date(2024, 2, 1)),
        Period(date(2024, 2, 1), date(2024, 3, 1)),
        Period(date(2024, 3, 1), date(2024, 3, 2)),
    )
    assert len(Period.year(2024).split(Grain.DAY)) == 366


def test_days_of_a_clock_change_have_23_or_25_hours() -> None:
    start, end = Period.day(date(2024, 3, 31)).instants("Europe/Stockholm")
    assert start == datetime(2024, 3, 30, 23, tzinfo=UTC)
    assert (end - start).total_seconds() == 23 * 3600
    start, end = Period.day(date(2024, 10, 27)).instants("Europe/Stockholm")
    assert (end - start).total_seconds() == 25 * 3600


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(DefinitionError, match="ends after it starts"):
        Period(date(2024, 1, 2), date(2024, 1, 2))
