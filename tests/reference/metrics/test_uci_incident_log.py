"""A help desk's 10,346 incidents: service metrics against SQL by hand over the raw events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

import raw_companies
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure

NOW = datetime(2017, 3, 1, tzinfo=UTC)
SPRING = Period(date(2016, 2, 29), date(2016, 6, 27))


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def company(real_data: Path, engine: DuckdbRunner) -> Snapshot:
    return raw_companies.snapshot(real_data / "uci_incident_log", engine)


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    """`incidents`: the last event of each."""
    connection = raw_companies.connect(real_data / "uci_incident_log")
    connection.sql("""CREATE TABLE incidents AS
        SELECT number, priority, strptime(opened_at, '%d/%m/%Y %H:%M') AS opened,
            coalesce(try_strptime(resolved_at, '%d/%m/%Y %H:%M'), try_strptime(closed_at, '%d/%m/%Y %H:%M')) AS done
        FROM raw.events
        QUALIFY row_number() OVER (PARTITION BY number ORDER BY sys_mod_count::INT DESC) = 1""")
    return connection


def test_backlog_at_the_end_of_each_week(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        SELECT monday::DATE, count(number) FROM
            generate_series(DATE '2016-02-29', DATE '2016-06-20', INTERVAL 7 DAY) AS weeks(monday)
        LEFT JOIN incidents ON opened < monday + INTERVAL 7 DAY AND (done IS NULL OR done >= monday + INTERVAL 7 DAY)
            AND (done IS NULL OR done >= opened)
        GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["backlog"], company, period=SPRING, as_of=NOW, runner=engine, grain="week")
    assert [(v.period.start, v.value) for v in values] == expected
    assert max(number for _, number in expected) > 500


def test_opened_and_solved_each_month(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    year = Period.year(2016)
    values = measure(["cases_opened", "cases_solved"], company, period=year, as_of=NOW, runner=engine, grain="month")
    for metric, instant in (("cases_opened", "opened"), ("cases_solved", "done")):
        expected = by_hand.sql(f"""SELECT date_trunc('month', {instant})::DATE, count(*) FROM incidents
            WHERE year({instant}) = 2016 GROUP BY 1 ORDER BY 1""").fetchall()
        assert [(v.period.start, v.value) for v in values if v.metric == metric and v.value] == expected


def test_hours_to_resolution_by_priority(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        SELECT priority, count(*), avg(hours), quantile_cont(hours, 0.5), quantile_cont(hours, 0.9)
        FROM (SELECT priority, epoch(done - opened) / 3600 AS hours FROM incidents WHERE year(done) = 2016)
        WHERE hours >= 0 GROUP BY 1 ORDER BY 1""").fetchall()
    metrics = ["avg_time_to_resolution", "median_time_to_resolution", "p90_time_to_resolution"]
    values = measure(metrics, company, period=Period.year(2016), as_of=NOW, runner=engine, by=["priority"])
    found = {(v.metric, v.dimensions["priority"]): v for v in values}
    assert len(expected) == 4
    for priority, number, mean, median, p90 in expected:
        assert found["avg_time_to_resolution", priority].n == number
        assert found["avg_time_to_resolution", priority].value == pytest.approx(mean)
        assert found["median_time_to_resolution", priority].value == pytest.approx(median)
        assert found["p90_time_to_resolution", priority].value == pytest.approx(p90)


def test_solved_on_the_day_they_were_opened(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    same, every = by_hand.sql("""
        SELECT count(*) FILTER (done::DATE = opened::DATE), count(*)
        FROM incidents WHERE year(opened) = 2016""").fetchall()[0]
    value = measure(["cases_closed_same_day"], company, period=Period.year(2016), as_of=NOW, runner=engine)[0]
    assert (value.numerator, value.denominator) == (same, every)
