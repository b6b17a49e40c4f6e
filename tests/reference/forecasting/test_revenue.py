"""Revenue from existing customers on CDNOW: nine months forecast at the end of September 1997, and what was sold."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from golden.cdnow import ZONE, purchases, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.forecasting.customers import RevenueForecast, revenue_forecast

NOW = datetime(1997, 9, 30, 23, 59, tzinfo=ZoneInfo(ZONE))


@pytest.fixture(scope="module")
def told(real_data: Path) -> RevenueForecast:
    with DuckdbRunner(threads=2) as runner:
        return revenue_forecast(as_known(snapshot(purchases(real_data), runner), NOW), runner=runner, months=9)


@pytest.fixture(scope="module")
def came(real_data: Path) -> dict[date, float]:
    """What the same 2,357 customers spent after September, by month: straight from the file."""
    found: dict[date, float] = {}
    for p in purchases(real_data):
        if p.day > NOW.date():
            month = p.day.replace(day=1)
            found[month] = found.get(month, 0.0) + float(p.amount)
    return found


def test_the_months_come_near_and_the_run_rate_stands_beside(told: RevenueForecast, came: dict[date, float]) -> None:
    """The models fall short by a fifth here, as they do in print for purchases (12 %); the run rate came to 19 %."""
    assert [m.period.start for m in told.months] == sorted(came)
    total = sum(came.values())
    assert sum(abs(m.revenue.expected - came[m.period.start]) for m in told.months) / total == pytest.approx(
        0.21, abs=0.02
    )
    assert sum(abs((m.run_rate or 0) - came[m.period.start]) for m in told.months) / total == pytest.approx(
        0.19, abs=0.02
    )


def test_most_months_lie_in_their_bands_and_the_sum_in_its_own(told: RevenueForecast, came: dict[date, float]) -> None:
    inside = [m.revenue.low_95 <= came[m.period.start] <= m.revenue.high_95 for m in told.months]
    assert sum(inside) >= 7
    assert told.total.low_95 < sum(came.values()) < told.total.high_95
    assert sum(m.revenue.expected for m in told.months) == pytest.approx(told.total.expected)
    assert told.customers == 2357
