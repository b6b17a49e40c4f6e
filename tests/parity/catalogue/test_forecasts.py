"""Forecasts start from the same rows on every engine, and so tell the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from parity.alike import differences
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.spark import SparkRunner
from rapport.engine.forecasting.customers import revenue_forecast
from rapport.engine.forecasting.pipeline.forecast import pipeline_forecast
from rapport.engine.forecasting.volumes import forecast_series
from rapport.engine.metrics import Period
from rapport.engine.runner import Runner
from shoppers import shoppers
from tiny_company import arrow_rows, drawn_tables, utc, with_history

pytestmark = pytest.mark.slow

NOW = utc("2024-11-05 12:00")
NOVEMBER = Period(date(2024, 11, 1), date(2024, 12, 1))


def drawn(runner: Runner, *names: str) -> Snapshot:
    """A drawn company with deals that changed, re-opened and were merged."""
    made = with_history(drawn_tables(9), 9)
    tables = {name: runner.from_arrow(arrow_rows(name, made[name])) for name in (names or made)}
    return Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR")


def test_won_deals(runner: DuckdbRunner, spark: SparkRunner) -> None:
    here, there = (
        pipeline_forecast(as_known(drawn(on), NOW), period=NOVEMBER, runner=on, futures=400) for on in (runner, spark)
    )
    assert differences(here, there) == []
    assert len(here.deals) > 5
    assert len(here.parts["owner"]) == 3


def test_revenue_of_customers(runner: DuckdbRunner, spark: SparkRunner) -> None:
    since = utc("2023-01-01")
    here, there = (
        revenue_forecast(
            as_known(shoppers(on, start=since, days=300, customers=60, seed=4), since + timedelta(days=300)),
            runner=on,
            months=2,
        )
        for on in (runner, spark)
    )
    assert differences(here, there) == []
    assert here.total.expected > 0


def test_volumes(runner: DuckdbRunner, spark: SparkRunner) -> None:
    here, there = (
        forecast_series("cases_opened", drawn(on, "cases", "contacts", "case_events"), as_of=NOW, runner=on)
        for on in (runner, spark)
    )
    assert differences(here, there) == []
    assert len(here.past) >= 9
