"""Goals read the same history, stand the same and suggest the same targets on every engine."""

from __future__ import annotations

from datetime import date

import pytest

from parity.alike import differences
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.spark import SparkRunner
from rapport.engine.metrics import Only, Period
from rapport.engine.metrics.goals import Direction, Goal, Progress, Reading, Suggestion, progress, suggestions
from rapport.engine.runner import Runner
from tiny_company import arrow_rows, drawn_tables, utc

pytestmark = pytest.mark.slow

TODAY, NOW = date(2024, 11, 20), utc("2024-11-20 03:00")
_TABLES = ("contacts", "orders", "refunds", "exchange_rates")


def _goal(metric: str, target: float, *filters: Only) -> Goal:
    return Goal(
        metric=metric, target=target, direction=Direction.AT_LEAST, span=Period(date(2024, 7, 1), date(2025, 1, 1)),
        filters=filters,
    )  # fmt: skip


GOALS = [
    _goal("revenue", 900.0),
    _goal("average_basket_value", 20.0),
    _goal("active_customers", 20.0),
    _goal("repeat_customer_ratio", 0.5),
    _goal("revenue", 400.0, Only("channel", ("web",))),
]


def told(runner: Runner) -> list[tuple[Progress, list[Suggestion]]]:
    drawn = drawn_tables(7)
    tables = {name: runner.from_arrow(arrow_rows(name, drawn[name])) for name in _TABLES}
    settings = {"customer_grain": "person", "data_through": NOW}
    company = Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR", settings=settings)
    found = progress(GOALS, company, today=TODAY, as_of=NOW, runner=runner)
    return [(one, suggestions(one.history)) for one in found]


def test_progress_and_suggestions(runner: DuckdbRunner, spark: SparkRunner) -> None:
    here = told(runner)
    assert differences(here, told(spark)) == []
    assert {one.reading for one, _ in here} == set(Reading)
    assert all(one.value for one, _ in here)
    assert any(one.probability for one, _ in here)
