"""Metrics of each kind give the same value, sample and flags on every engine."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.spark import SparkRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.runner import Runner
from tiny_company import arrow_rows, drawn_tables, utc, with_history

pytestmark = pytest.mark.slow

NOW = utc("2025-03-01")
KINDS = ["orders", "average_basket_value", "win_rate", "open_deals", "cases_opened", "nps"]
"""A count, a mean, a share, a snapshot, a count of cases, a survey: the whole catalogue takes Spark many minutes."""
PERIOD = Period(date(2024, 3, 1), date(2024, 9, 1))  # a clock change in it


def measured(runner: Runner) -> list[MetricValue]:
    """A drawn company with changes, re-opened deals, merged people, machines, foreign amounts and gaps."""
    made = with_history(drawn_tables(5), 5)
    tables = {name: runner.from_arrow(arrow_rows(name, rows)) for name, rows in made.items()}
    company = Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR")
    return measure(KINDS, company, period=PERIOD, as_of=NOW, runner=runner, grain="quarter")


def told(value: MetricValue) -> tuple[object, ...]:
    counted = (value.n, value.n_missing_amount, value.n_unconverted, value.n_assumed)
    return (value.metric, value.period, *counted, value.flags, value.reason, value.data_through)


def test_metrics_of_each_kind_agree(runner: DuckdbRunner, spark: SparkRunner) -> None:
    here, there = measured(runner), measured(spark)
    assert sum(1 for value in here if value.value) >= len(KINDS)
    assert [told(value) for value in there] == [told(value) for value in here]
    for mine, theirs in zip(here, there, strict=True):
        assert (mine.value is None) == (theirs.value is None)
        if mine.value is not None:
            assert float(theirs.value or 0) == pytest.approx(float(mine.value), rel=1e-9), mine.metric
