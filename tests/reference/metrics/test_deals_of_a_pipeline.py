"""Stays, sizes and forecasts of a pipeline of 8,800 deals against SQL written by hand over the raw file.

The file knows when a deal was engaged and when it closed: one stay in the stage "Engaging". The
forecast of each month is what was won in the month before, as nobody told theirs.
"""

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

NOW = datetime(2018, 1, 1, tzinfo=UTC)
YEAR = Period.year(2017)
SPRING = Period(date(2017, 4, 1), date(2017, 8, 1))


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    """`deals`: the raw file with its dates read; `won`: amounts by month and agent."""
    connection = raw_companies.connect(real_data / "crm_sales_opportunities")
    connection.sql("""CREATE TABLE deals AS SELECT *, strptime(engage_date, '%d-%m-%y')::DATE AS engaged,
        strptime(close_date, '%d-%m-%y')::DATE AS closed, close_value::DOUBLE AS value FROM raw.deals""")
    connection.sql("""CREATE TABLE won AS
        SELECT date_trunc('month', closed)::DATE AS month, sales_agent, sum(value) AS won
        FROM deals WHERE deal_stage = 'Won' GROUP BY ALL""")
    return connection


@pytest.fixture(scope="module")
def company(real_data: Path, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> Snapshot:
    visits = by_hand.sql("""
        SELECT opportunity_id || '-1' AS id, opportunity_id AS deal_id, 'Engaging' AS stage,
            timezone('UTC', engaged::TIMESTAMP) AS entered_at, timezone('UTC', closed::TIMESTAMP) AS left_at
        FROM deals WHERE engaged IS NOT NULL""")
    forecasts = by_hand.sql("""
        SELECT forecast || made AS id, forecast, value, strftime(made, '%Y-%m') AS period, TRUE AS is_frozen,
            timezone('UTC', made::TIMESTAMP) AS made_at
        FROM (
            SELECT month + INTERVAL 1 MONTH AS made, 'bookings' AS forecast, sum(won) AS value FROM won GROUP BY 1
            UNION ALL SELECT month + INTERVAL 1 MONTH, 'bookings:owner=' || sales_agent, won FROM won
        )""")
    known = raw_companies.snapshot(real_data / "crm_sales_opportunities", engine)
    return known.with_tables(
        {
            "deal_stage_visits": engine.from_arrow(visits.to_arrow_table()),
            "forecast_snapshots": engine.from_arrow(forecasts.to_arrow_table()),
        }
    )


def test_half_of_the_stays_are_over_by_the_product_of_what_lasted(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """DuckDB's own product over lengths; of stays that go on it is known how long they have lasted."""
    expected = by_hand.sql("""
        WITH stays AS (
            SELECT date_trunc('quarter', engaged)::DATE AS quarter, closed IS NOT NULL AS over,
                coalesce(closed, DATE '2018-01-01') - engaged AS days
            FROM deals WHERE year(engaged) = 2017
        ), lengths AS (
            SELECT quarter, days, count(*) FILTER (over) AS ended,
                sum(count(*)) OVER (PARTITION BY quarter ORDER BY days DESC) AS lasting
            FROM stays GROUP BY quarter, days
        ), curve AS (
            SELECT quarter, days, ended, product(1 - ended / lasting) OVER (PARTITION BY quarter ORDER BY days) AS left_
            FROM lengths
        )
        SELECT quarter, min(days) FILTER (left_ <= 0.5 AND ended > 0) FROM curve GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["stage_duration_survival"], company, period=YEAR, as_of=NOW, runner=engine, grain="quarter")
    assert [(v.period.start, v.value) for v in values] == expected
    assert all(v.maturity is not None and v.maturity < 1 for v in values)
    assert (
        sum(v.n for v in values)
        == by_hand.sql("SELECT count(*) FROM deals WHERE year(engaged) = 2017").fetchall()[0][0]
    )


def test_the_age_of_open_stays_at_the_end_of_each_month(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        SELECT month::DATE, quantile_cont(age, 0.5), quantile_cont(age, 0.9), count(*)
        FROM (
            SELECT month, date_diff('day', engaged, (month + INTERVAL 1 MONTH)::DATE) AS age
            FROM generate_series(DATE '2017-04-01', DATE '2017-07-01', INTERVAL 1 MONTH) AS months(month)
            JOIN deals ON engaged < month + INTERVAL 1 MONTH
                AND (closed IS NULL OR closed >= month + INTERVAL 1 MONTH)
        ) GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["stage_age", "stage_age_p90"], company, period=SPRING, as_of=NOW, runner=engine, grain="month")
    median, p90 = values[:4], values[4:]
    assert [(v.period.start, v.value, v.n) for v in median] == [(month, half, n) for month, half, _, n in expected]
    assert [v.value for v in p90] == pytest.approx([ninth for *_, ninth, _ in expected])
    assert min(n for *_, n in expected) > 100


def test_one_stay_for_each_deal_is_its_total(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""SELECT quantile_cont(closed - engaged, 0.5), count(*) FROM deals
        WHERE closed >= DATE '2017-04-01' AND closed < DATE '2017-08-01'""").fetchall()[0]
    metrics = ["stage_duration_total", "stage_duration", "sales_cycle_length_with_lost"]
    values = measure(metrics, company, period=SPRING, as_of=NOW, runner=engine)
    assert [(v.value, v.n) for v in values] == [expected] * 3


def test_win_rate_of_each_size(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    """Lost deals have the amount 0 here, so that only won ones are told apart."""
    expected = by_hand.sql("""
        SELECT CASE WHEN value < 1000 THEN 'under 1,000' WHEN value < 10000 THEN '1,000 to 10,000'
            ELSE '10,000 to 100,000' END, count(*) FILTER (deal_stage = 'Won'), count(*)
        FROM deals WHERE closed IS NOT NULL GROUP BY 1""").fetchall()
    values = measure(["win_rate"], company, period=YEAR, as_of=NOW, runner=engine, by=["size_band"])
    assert {(v.dimensions["size_band"], v.numerator, v.denominator) for v in values} == set(expected)
    assert len(expected) == 3


def test_pipeline_created_by_month_of_engagement(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        SELECT date_trunc('month', engaged)::DATE, sum(value), count(*) - count(value) FROM deals
        WHERE engaged >= DATE '2017-04-01' AND engaged < DATE '2017-08-01' GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["pipeline_created"], company, period=SPRING, as_of=NOW, runner=engine, grain="month")
    assert [(v.period.start, float(v.value or 0), v.n_missing_amount) for v in values] == expected


def test_last_months_wins_as_the_forecast_of_this_month(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        WITH months AS (SELECT month, sum(won) AS actual FROM won GROUP BY 1)
        SELECT now.month, before.actual, 1 - abs(before.actual - now.actual) / now.actual,
            (before.actual - now.actual) / now.actual
        FROM months AS now JOIN months AS before ON before.month = now.month - INTERVAL 1 MONTH
        WHERE now.month BETWEEN DATE '2017-04-01' AND DATE '2017-07-01' ORDER BY 1""").fetchall()
    metrics = ["forecast_at_start", "forecast_accuracy", "forecast_bias"]
    values = measure(metrics, company, period=SPRING, as_of=NOW, runner=engine, grain="month")
    assert [float(v.value or 0) for v in values[:4]] == [before for _, before, *_ in expected]
    assert [v.value for v in values[4:8]] == pytest.approx([share for _, _, share, _ in expected])
    assert [v.value for v in values[8:]] == pytest.approx([bias for *_, bias in expected])


def test_forecast_error_over_agents(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """Agents who won nothing this month count with all they were forecast to win; new ones had no forecast."""
    expected = by_hand.sql("""
        SELECT sum(abs(before.won - coalesce(now.won, 0))), sum(coalesce(now.won, 0)), count(*)
        FROM won AS before LEFT JOIN won AS now
            ON now.month = before.month + INTERVAL 1 MONTH AND now.sales_agent = before.sales_agent
        WHERE before.month = DATE '2017-05-01'""").fetchall()[0]
    value = measure(["forecast_wape"], company, period=Period.month(2017, 6), as_of=NOW, runner=engine)[0]
    assert (float(value.numerator or 0), float(value.denominator or 0), value.n) == expected
