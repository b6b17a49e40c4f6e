"""Queries of service metrics can be written for Spark: nothing in them is known to DuckDB alone."""

from __future__ import annotations

from datetime import date

import ibis
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, Period
from rapport.engine.metrics.query import Split, aggregated, columns_wanted, rows_in_periods
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.windows import windows_of
from tiny_company import Company, utc

NOW = utc("2024-06-01")


@pytest.mark.parametrize("metric", ["first_response_time_business", "service_calls_per_day", "average_handle_time"])
def test_it_can_be_written(metric: str, company: Company, runner: DuckdbRunner) -> None:
    """With the business clock, the days of a calendar, and the legs of a contact."""
    assert ibis.pyspark  # its settings are read when a query is written
    week = [{"name": "c", "time_zone": "UTC", "weekday": 1, "opens": "09:00", "closes": "17:00"}]
    call = {"type": "call", "queue": "q", "occurred_at": "2024-03-04", "duration_s": 60}
    snapshot = company(cases=[{"opened_at": "2024-03-04"}], interactions=[call], business_calendars=week)
    (spec,) = METRICS[metric].counted
    split = Split(("queue",))
    reading = Reading(
        view=as_known(snapshot, NOW),
        windows=windows_of((Period(date(2024, 3, 1), date(2024, 4, 1)),), time_zone="UTC", as_of=NOW),
        needed_by=metric,
        wanted=columns_wanted(spec.relation, split, spec.aggregates),
        runner=runner,
    )
    rows = rows_in_periods(spec.relation, reading, split)
    query = str(ibis.to_sql(aggregated(rows, split, spec.aggregates), dialect="pyspark"))
    assert "dim_queue" in query
