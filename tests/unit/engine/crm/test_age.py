"""Ages in local days are those of `local_day`, on days when clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ibis
import pyarrow as pa
import pytest

from rapport.engine.crm.age import age_in_days
from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.runner import Runner

AS_OF = datetime(2024, 11, 3, 23, 30, tzinfo=UTC)
INSTANTS = [AS_OF - timedelta(minutes=minutes) for minutes in range(0, 260 * 1440, 47)]
INSTANTS += [
    datetime(year, 3, 31, hour, 59, 59, 999_999, tzinfo=UTC) for year in range(1890, 2025, 3) for hour in range(24)
]
INSTANTS += [datetime(1995, 1, 1, 9, tzinfo=UTC), datetime(1800, 1, 1, tzinfo=UTC)]
ZONES = [
    "UTC",
    "Europe/Stockholm",
    "Asia/Kathmandu",
    "America/New_York",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Manila",
]


@pytest.mark.parametrize("zone", ZONES)
def test_ages_count_the_days_that_the_engine_tells(runner: Runner, zone: str) -> None:
    rows = ibis.memtable(pa.table({"moment": pa.array(INSTANTS, pa.timestamp("us", tz="UTC"))}))
    told = rows.select(age=age_in_days(rows.moment, as_of=AS_OF, time_zone=zone), day=local_day(rows.moment, zone))
    found = runner.to_arrow(told).to_pylist()
    today = local_day_of(AS_OF, zone)
    assert len(found) == len(INSTANTS)
    assert [row for row in found if (today - row["day"]).days != row["age"]] == []


def test_half_past_eleven_in_the_evening_is_the_next_day_further_east(runner: Runner) -> None:
    rows = ibis.memtable(
        pa.table({"moment": pa.array([datetime(2024, 3, 30, 23, 30, tzinfo=UTC)], pa.timestamp("us", tz="UTC"))})
    )
    ages = {
        zone: runner.to_arrow(
            rows.select(age=age_in_days(rows.moment, as_of=datetime(2024, 4, 1, tzinfo=UTC), time_zone=zone))
        )
        for zone in ("UTC", "Europe/Stockholm")
    }
    assert {zone: rows["age"].to_pylist() for zone, rows in ages.items()} == {"UTC": [2], "Europe/Stockholm": [1]}
