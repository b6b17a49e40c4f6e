"""Business time, against a worked ticket whose schedule changed on the way."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure, rows
from rapport.engine.metrics.business_hours import Calendar, Opening, open_seconds
from tiny_company import Company, utc

DAILY = Calendar(  # 12:00 to 02:00 of the next day
    "UTC", tuple(Opening(d, *hours) for d in range(1, 8) for hours in ((0, 120), (720, 1440)))
)
WORKDAYS = Calendar(  # Monday to Friday, 15:00 to 00:30 of the next day
    "UTC",
    tuple(Opening(d, 900, 1440) for d in range(1, 6)) + tuple(Opening(d, 0, 30) for d in range(2, 7)),
)
CREATED, CHANGED, REPLIED = utc("2020-09-29 17:01:38"), utc("2020-09-30 19:01:25"), utc("2020-09-30 19:01:46")


def minutes(calendar: Calendar, start: object, end: object) -> float:
    return open_seconds(calendar.intervals(start, end), start, end) / 60  # type: ignore[arg-type]


def test_each_schedule_counts_while_it_is_in_force() -> None:
    found = minutes(DAILY, CREATED, CHANGED) + minutes(WORKDAYS, CHANGED, REPLIED)
    assert found == pytest.approx(960.1333, abs=5e-5)


def test_the_last_schedule_alone_gives_another_number() -> None:
    assert minutes(WORKDAYS, CREATED, REPLIED) == pytest.approx(690.1333, abs=5e-5)


def test_hours_follow_the_clock_change_of_their_own_zone() -> None:
    night_and_day = Calendar("Europe/Stockholm", tuple(Opening(d, 0, 1440) for d in range(1, 8)))
    start, end = Period.day(date(2024, 3, 31)).instants("Europe/Stockholm")
    assert minutes(night_and_day, start, end) == 23 * 60


def test_holidays_and_the_days_in_force_are_respected() -> None:
    calendar = Calendar(
        "UTC",
        (Opening(1, 540, 1020, None, date(2024, 1, 8)), Opening(1, 540, 780, date(2024, 1, 8), None)),
        frozenset({date(2024, 1, 15)}),
    )
    found = [minutes(calendar, utc(f"2024-01-{d:02}"), utc(f"2024-01-{d + 1:02}")) for d in (1, 8, 15, 22)]
    assert found == [480, 240, 0, 240]


WEEK = [
    {"name": "week", "time_zone": "Europe/Stockholm", "weekday": d, "opens": "09:00", "closes": "17:00"}
    for d in range(1, 6)
]


def test_nights_and_weekends_are_not_in_the_mean(company: Company, runner: DuckdbRunner) -> None:
    """Friday 16:00 to Monday 10:00 in Stockholm is 2 business hours; a case within a night has none."""
    snapshot = company(
        time_zone="Europe/Stockholm",
        business_calendars=WEEK,
        cases=[
            {"opened_at": "2024-03-29 15:00", "solved_at": "2024-04-01 08:00"},  # over the clock change
            {"opened_at": "2024-04-02 19:00", "solved_at": "2024-04-02 20:00"},
        ],
    )
    period = Period.month(2024, 4)
    value = measure(
        ["avg_time_to_resolution_business"], snapshot, period=period, as_of=utc("2024-06-01"), runner=runner
    )[0]
    assert (value.numerator, value.n, value.value) == (pytest.approx(2.0), 2, pytest.approx(1.0))
    behind = rows("avg_time_to_resolution_business", snapshot, period=period, as_of=utc("2024-06-01"), runner=runner)
    assert sorted(runner.to_arrow(behind)["numerator"].to_pylist()) == [0, pytest.approx(2.0)]


def test_of_several_calendars_one_must_be_named(company: Company, runner: DuckdbRunner) -> None:
    other = [{**row, "name": "other", "closes": "12:00"} for row in WEEK]
    tables = {
        "business_calendars": WEEK + other,
        "cases": [{"opened_at": "2024-04-02 07:00", "solved_at": "2024-04-02 15:00"}],
    }

    def value(**settings: str) -> tuple[object, str | None]:
        snapshot = company(time_zone="Europe/Stockholm", settings=settings, **tables)
        found = measure(
            ["avg_time_to_resolution_business"],
            snapshot,
            period=Period.month(2024, 4),
            as_of=utc("2024-06-01"),
            runner=runner,
        )[0]
        return found.value, found.reason

    nothing, reason = value()
    assert nothing is None
    assert reason is not None
    assert "business_calendar" in reason
    assert value(business_calendar="other") == (3.0, None)
