"""Business minutes in metrics: a worked ticket whose schedule changed on the way, nights, holidays, business days."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.metrics.business_hours import Calendar, Opening, open_seconds
from tiny_company import Company, Row, utc

NOW = utc("2025-01-31")


def hours(weekday: int, opens: str, closes: str, **force: str) -> Row:
    return {"name": "c", "time_zone": "UTC", "weekday": weekday, "opens": opens, "closes": closes, **force}


def value_of(metric: str, snapshot: Snapshot, runner: DuckdbRunner, period: Period) -> MetricValue:
    return measure([metric], snapshot, period=period, as_of=NOW, runner=runner)[0]


# Daily 12:00 to 02:00 until Wednesday 30 September 2020 19:01:25, then Monday to Friday 15:00 to 00:30.
BEFORE, ON, AFTER = {"valid_to": "2020-09-30"}, {"valid_from": "2020-09-30", "valid_to": "2020-10-01"}, "2020-10-01"
CHANGED_SCHEDULE = [
    *(hours(d, "12:00", "02:00", **BEFORE) for d in range(1, 8)),
    hours(3, "12:00", "19:01:25", **ON),
    hours(3, "19:01:25", "00:30", **ON),
    *(hours(d, "15:00", "00:30", valid_from=AFTER) for d in range(1, 6)),
]
TICKET = {"opened_at": "2020-09-29 17:01:38", "first_response_at": "2020-09-30 19:01:46"}


class TestAWorkedTicket:
    """Ticket 941606 of Fivetran's decision log, with its seconds as seconds (the log writes them as decimals)."""

    @pytest.mark.parametrize(
        ("settings", "minutes"), [({}, 960.1333), ({"business_schedule": "last"}, 690.1333)], ids=["in force", "last"]
    )
    def test_each_schedule_counts_while_it_is_in_force_or_the_last_for_all_time(
        self, company: Company, runner: DuckdbRunner, settings: dict[str, object], minutes: float
    ) -> None:
        snapshot = company(business_calendars=CHANGED_SCHEDULE, cases=[TICKET], settings=settings)
        month = Period.month(2020, 9)
        value = value_of("first_response_time_business", snapshot, runner, month)
        assert value.value == pytest.approx(minutes, abs=5e-5)

    def test_calendar_minutes_need_no_calendar(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(cases=[TICKET])
        found = measure(
            ["first_response_time", "first_response_time_business"],
            snapshot,
            period=Period.month(2020, 9),
            as_of=NOW,
            runner=runner,
        )
        assert found[0].value == pytest.approx(26 * 60 + 8 / 60)
        assert found[1].value is None
        assert "business calendar" in str(found[1].reason)


class TestCalendars:
    def test_hours_over_midnight_end_with_the_holiday_they_run_into(self) -> None:
        nights = Calendar("UTC", tuple(Opening(d, 1320, 120) for d in range(1, 8)), frozenset({date(2024, 5, 1)}))
        start, end = utc("2024-04-30"), utc("2024-05-03")
        assert nights.intervals(start, end) == [
            (utc("2024-04-30 00:00"), utc("2024-04-30 02:00")),
            (utc("2024-04-30 22:00"), utc("2024-05-01 00:00")),
            (utc("2024-05-02 00:00"), utc("2024-05-02 02:00")),
            (utc("2024-05-02 22:00"), utc("2024-05-03 00:00")),
        ]
        assert nights.days(start, end) == [date(2024, 4, 30), date(2024, 5, 2)]

    def test_the_night_of_the_clock_change_has_its_real_hours(self) -> None:
        """From 22:00 to 06:00 in Stockholm on 30 March 2024 the clock skips an hour; on 26 October one comes twice."""
        nights = Calendar("Europe/Stockholm", tuple(Opening(d, 1320, 360) for d in range(1, 8)))
        for start, end, open_hours in (
            ("2024-03-30 12:00", "2024-03-31 12:00", 7),
            ("2024-10-26 12:00", "2024-10-27 12:00", 9),
            ("2024-06-01 12:00", "2024-06-02 12:00", 8),
        ):
            found = open_seconds(nights.intervals(utc(start), utc(end)), utc(start), utc(end))
            assert found == open_hours * 3600

    def test_queries_count_the_hours_that_python_counts(self, company: Company, runner: DuckdbRunner) -> None:
        """Starts and ends in the open, in the night, at the very opening and closing, and a year apart."""
        week = [{**hours(d, "09:00", "17:00"), "time_zone": "Europe/Stockholm"} for d in range(1, 6)]
        lunch = [hours(d, "09:00", "12:00") for d in (6,)] + [hours(d, "12:30", "14:00") for d in (6,)]
        lunch = [{**row, "time_zone": "Europe/Stockholm"} for row in lunch]
        closed = {"name": "c", "time_zone": "Europe/Stockholm", "holiday": date(2024, 3, 29)}
        spans = [
            ("2024-03-28 08:00", "2024-04-02 07:00"),
            ("2024-03-29 10:00", "2024-03-29 12:00"),
            ("2024-04-02 07:00", "2024-04-02 15:00"),
            ("2024-04-02 15:00", "2024-04-03 07:00"),
            ("2024-04-06 09:59", "2024-04-06 10:31:30"),
            ("2023-01-01 00:00", "2024-04-01 00:00"),
            ("2024-04-05 23:59:59", "2024-04-06 00:00:01"),
        ]
        cases = [{"id": f"k{i}", "opened_at": a, "solved_at": b} for i, (a, b) in enumerate(spans)]
        snapshot = company(business_calendars=[*week, *lunch, closed], cases=cases, time_zone="Europe/Stockholm")
        openings = (*(Opening(d, 540, 1020) for d in range(1, 6)), Opening(6, 540, 720), Opening(6, 750, 840))
        calendar = Calendar("Europe/Stockholm", openings, frozenset({date(2024, 3, 29)}))
        expected = [open_seconds(calendar.intervals(utc(a), utc(b)), utc(a), utc(b)) / 3600 for a, b in spans]
        year = Period.year(2024)
        value = value_of("avg_time_to_resolution_business", snapshot, runner, year)
        assert value.n == len(spans)
        assert value.numerator == pytest.approx(sum(expected))
        assert expected[:4] == [20.5, 0.0, 8.0, 0.0]  # Thursday, no Good Friday, Saturday, Monday
        assert expected[4] == pytest.approx(2.5 / 60)  # around lunch


class TestTheSameBusinessDay:
    def test_what_comes_in_after_hours_belongs_to_the_next_business_day(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """k1, k2 of Friday night and Sunday: Monday. k3 of Monday is solved on Tuesday. k4's day is not over."""
        week = [hours(d, "09:00", "17:00") for d in range(1, 6)]
        cases = [
            {"id": "k1", "opened_at": "2024-03-08 20:00", "solved_at": "2024-03-11 18:00"},
            {"id": "k2", "opened_at": "2024-03-10 10:00", "solved_at": "2024-03-12 09:00"},
            {"id": "k3", "opened_at": "2024-03-11 16:59", "solved_at": "2024-03-12 09:00"},
            {"id": "k4", "opened_at": "2025-01-31 00:00"},
        ]
        snapshot = company(business_calendars=week, cases=cases)
        whole = Period(date(2024, 1, 1), date(2025, 2, 1))
        value = value_of("cases_closed_same_business_day", snapshot, runner, whole)
        assert (value.numerator, value.denominator) == (1, 3)
