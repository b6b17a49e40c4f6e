"""Every metric of the catalogue gives the same values, samples and flags on every engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zlib import crc32

import pytest

from parity.alike import differences
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.spark import SparkRunner
from rapport.engine.metrics import METRICS, MetricValue, Period, measure
from rapport.engine.metrics.cohort_table import cohort_table
from rapport.engine.metrics.spec import Metric
from rapport.engine.runner import Runner
from tiny_company import arrow_rows, drawn_tables, utc, with_history

pytestmark = pytest.mark.slow

NOW = utc("2025-03-01")
MONTHS = Period(date(2024, 3, 1), date(2024, 12, 1))  # two clock changes in it
_STAYS = [
    {"segment": name, "subject": "contact", "subject_id": f"p{i}", "entered_at": f"2024-0{1 + i % 9}-11"}
    for i in range(30)
    for name in ("loyal", "young")
    if i % (2 if name == "loyal" else 3) == 0
]


def company(runner: Runner) -> Snapshot:
    """A drawn company with changes, re-opened deals, merged people, machines, foreign amounts, gaps and segments."""
    stays = [{**stay, "recorded_at": stay["entered_at"]} for stay in _STAYS]
    made = {**with_history(drawn_tables(11), 11), "segment_memberships": stays}
    tables = {name: runner.from_arrow(arrow_rows(name, rows)) for name, rows in made.items()}
    return Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR")


def _rows_of(metric: Metric) -> set[tuple[str, int | None]]:
    return {(spec.relation.name, spec.rolling_days) for spec in metric.counted}


def asked_by() -> dict[str | None, list[str]]:
    """Each metric by one dimension that it has, drawn by name; metrics on the same rows by the same one, so that the
    rows are asked once."""
    drawn: dict[tuple[str, int | None], set[str | None]] = {}
    found: dict[str | None, list[str]] = {}
    for metric in sorted(METRICS.values(), key=lambda m: -len(_rows_of(m))):
        rows = _rows_of(metric)
        word = min(rows)[0]
        best = max(
            metric.dimensions,
            key=lambda name: (sum(name in drawn.get(one, ()) for one in rows), crc32(f"{name} {word}".encode())),
            default=None,
        )
        found.setdefault(best, []).append(metric.id)
        for one in rows:
            drawn.setdefault(one, set()).add(best)
    return found


ASKED_BY = asked_by()


def measured(runner: Runner, company: Snapshot, dimension: str | None) -> list[MetricValue]:
    """By quarter, against the quarters before, by a dimension."""
    by, asked = [dimension] if dimension else [], ASKED_BY[dimension]
    return measure(asked, company, period=MONTHS, as_of=NOW, runner=runner, grain="quarter", compare="previous", by=by)


@pytest.fixture(scope="module")
def there(spark: SparkRunner) -> Snapshot:
    made = company(spark)
    return Snapshot(
        {name: spark.cache(rows) for name, rows in made.tables.items()},
        time_zone=made.time_zone,
        currency=made.currency,
    )


def by_metric(values: list[MetricValue]) -> Mapping[str, list[MetricValue]]:
    return {metric: [v for v in values if v.metric == metric] for metric in dict.fromkeys(v.metric for v in values)}


@pytest.mark.parametrize("dimension", ASKED_BY)
def test_metrics_agree(dimension: str | None, runner: DuckdbRunner, spark: SparkRunner, there: Snapshot) -> None:
    here = by_metric(measured(runner, company(runner), dimension))
    assert differences(here, by_metric(measured(spark, there, dimension))) == []


def test_every_metric_is_asked_for() -> None:
    assert sorted(metric for asked in ASKED_BY.values() for metric in asked) == sorted(METRICS)


def test_the_retention_table_agrees(runner: DuckdbRunner, spark: SparkRunner, there: Snapshot) -> None:
    year = Period(date(2024, 1, 1), date(2025, 1, 1))
    here = cohort_table(company(runner), period=year, as_of=NOW, runner=runner)
    assert differences(here, cohort_table(there, period=year, as_of=NOW, runner=spark)) == []
    assert len(here) > 3
