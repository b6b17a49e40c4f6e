"""Daily orders of a retailer, 28 days ahead from four month starts: the weekly pattern against the run rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import raw_companies
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.forecasting.accuracy import accuracy, band_accuracy
from rapport.engine.forecasting.volumes import Point, forecast_series
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Period

ORIGINS = [datetime(2017, month, 1, 6, tzinfo=UTC) for month in (7, 8, 9, 10)]
LATER = datetime(2018, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def days(real_data: Path) -> list[tuple[Point, float]]:
    """Each day forecast, and the orders that came."""
    told = []
    with DuckdbRunner(threads=2) as runner:
        company = raw_companies.snapshot(real_data / "completejourney", runner)
        year = measure(["orders"], company, period=Period.year(2017), as_of=LATER, runner=runner, grain="day")
        came = {value.period: float(value.value or 0) for value in year}
        for at in ORIGINS:
            found = forecast_series("orders", company, as_of=at, runner=runner, grain="day", periods_ahead=28)
            assert found.coming[0].period.start == at.date()
            assert found.past[-1].period.end == at.date()
            assert at.date() - found.past[0].period.start <= timedelta(days=190)
            told += [(point, came[point.period]) for point in found.coming]
    return told


def test_are_nearer_than_the_run_rate(days: list[tuple[Point, float]]) -> None:
    """Over seven month starts .107 against .142 were measured."""
    came = [value for _, value in days]
    ours = accuracy([point.expected or 0 for point, _ in days], came).wape
    run_rate = accuracy([point.run_rate or 0 for point, _ in days], came).wape
    assert ours is not None
    assert run_rate is not None
    assert ours < 0.12
    assert ours < 0.85 * run_rate


def test_bands_hold_about_as_often_as_they_say(days: list[tuple[Point, float]]) -> None:
    bands = [point.bands for point, _ in days if point.bands is not None]
    found = band_accuracy(bands, [value for _, value in days])
    assert found is not None
    assert found.count == 112
    assert 0.4 <= found.covered[50] <= 0.7
    assert 0.7 <= found.covered[80] <= 0.92
    assert found.covered[95] >= 0.85
