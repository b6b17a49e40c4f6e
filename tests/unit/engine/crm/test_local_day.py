"""An instant becomes a day in the company's zone, on DST days and in zones with odd offsets."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from crm_rows import at
from rapport.engine.crm.local_day import local_day, local_day_of, start_of_local_day
from rapport.engine.execution.duckdb import DuckdbRunner

CASES = [
    ("Europe/Stockholm", at(2024, 3, 30, 23, 30), date(2024, 3, 31)),  # the night summer time starts
    ("Europe/Stockholm", at(2024, 3, 31, 22, 0), date(2024, 4, 1)),
    ("Europe/Stockholm", at(2024, 10, 27, 22, 59), date(2024, 10, 27)),  # the day with 25 hours
    ("Europe/Stockholm", at(2024, 10, 27, 23, 0), date(2024, 10, 28)),
    ("Asia/Kathmandu", at(2024, 1, 1, 18, 15), date(2024, 1, 2)),  # +05:45
    ("Asia/Kathmandu", at(2024, 1, 1, 18, 14), date(2024, 1, 1)),
    ("Pacific/Apia", at(2011, 12, 30, 9, 0), date(2011, 12, 29)),  # -10:00, before it skipped a day
    ("Pacific/Apia", at(2011, 12, 30, 10, 0), date(2011, 12, 31)),  # 30 December never was
    ("America/New_York", at(2024, 7, 1, 3, 59), date(2024, 6, 30)),
]


@pytest.mark.parametrize(("zone", "instant", "day"), CASES)
def test_the_engine_and_python_agree_with_the_calendar(
    runner: DuckdbRunner, zone: str, instant: datetime, day: date
) -> None:
    rows = runner.from_arrow(pa.table({"moment": pa.array([instant], pa.timestamp("us", tz="UTC"))}))
    assert runner.to_arrow(rows.select(day=local_day(rows.moment, zone))).to_pylist() == [{"day": day}]
    assert local_day_of(instant, zone) == day


def test_a_local_day_starts_at_its_own_midnight() -> None:
    assert start_of_local_day(date(2024, 3, 31), "Europe/Stockholm") == at(2024, 3, 30, 23)
    assert start_of_local_day(date(2024, 4, 1), "Europe/Stockholm") == at(2024, 3, 31, 22)
