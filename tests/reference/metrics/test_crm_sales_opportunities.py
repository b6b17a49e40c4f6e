"""A pipeline of 8,800 deals: sales metrics against SQL written by hand over the raw file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

import raw_companies
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Only, Period, measure, rows

NOW = datetime(2018, 1, 1, tzinfo=UTC)
YEAR = Period.year(2017)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def company(real_data: Path, engine: DuckdbRunner) -> Snapshot:
    return raw_companies.snapshot(real_data / "crm_sales_opportunities", engine)


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    """`deals`: the raw file with its dates read."""
    connection = raw_companies.connect(real_data / "crm_sales_opportunities")
    connection.sql("""CREATE TABLE deals AS SELECT *, strptime(engage_date, '%d-%m-%y')::DATE AS engaged,
        strptime(close_date, '%d-%m-%y')::DATE AS closed, close_value::DOUBLE AS value FROM raw.deals""")
    return connection


def test_win_rate_of_each_month(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    expected = by_hand.sql("""
        SELECT date_trunc('month', closed)::DATE, count(*) FILTER (deal_stage = 'Won'), count(*)
        FROM deals WHERE deal_stage IN ('Won', 'Lost') GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["win_rate"], company, period=YEAR, as_of=NOW, runner=engine, grain="month")
    found = [(v.period.start, v.numerator, v.denominator) for v in values if v.n]
    assert len(expected) == 10
    assert found == expected
    assert [v.value for v in values if v.n] == [won / closed for _, won, closed in expected]
    assert [v.value for v in values if not v.n] == [None, None]


def test_win_rate_by_owner_and_by_industry(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    by_agent = dict(
        by_hand.sql("""SELECT sales_agent, avg((deal_stage = 'Won')::INT) FROM deals
            WHERE deal_stage IN ('Won', 'Lost') GROUP BY 1""").fetchall()
    )
    values = measure(["win_rate"], company, period=YEAR, as_of=NOW, runner=engine, by=["owner"])
    assert {v.dimensions["owner"]: v.value for v in values} == pytest.approx(by_agent)
    by_sector = dict(
        by_hand.sql("""SELECT sector, avg((deal_stage = 'Won')::INT) FROM deals LEFT JOIN raw.accounts USING (account)
            WHERE deal_stage IN ('Won', 'Lost') GROUP BY 1""").fetchall()
    )
    values = measure(["win_rate"], company, period=YEAR, as_of=NOW, runner=engine, by=["industry"])
    assert {v.dimensions["industry"]: v.value for v in values} == pytest.approx(by_sector)


def test_amounts_of_deals_won(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    expected = by_hand.sql("""
        SELECT date_trunc('quarter', closed)::DATE, sum(value), avg(value), count(*)
        FROM deals WHERE deal_stage = 'Won' GROUP BY 1 ORDER BY 1""").fetchall()
    metrics = ["bookings", "average_deal_size", "deals_won"]
    values = measure(metrics, company, period=YEAR, as_of=NOW, runner=engine, grain="quarter")
    found = {(v.metric, v.period.start): float(v.value or 0) for v in values}
    for quarter, amount, mean, won in expected:
        assert found["bookings", quarter] == amount
        assert found["average_deal_size", quarter] == pytest.approx(mean)
        assert found["deals_won", quarter] == won
    assert len(expected) == 4


def test_days_from_engagement_to_close(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """No interactions here: the first touch is the engagement itself, and that is told."""
    median, mean, p90 = by_hand.sql("""
        SELECT quantile_cont(d, 0.5), avg(d), quantile_cont(d, 0.9)
        FROM (SELECT closed - engaged AS d FROM deals WHERE deal_stage = 'Won')""").fetchall()[0]
    metrics = ["sales_cycle_length", "sales_cycle_length_mean", "sales_cycle_length_p90", "sales_cycle_length_created"]
    values = measure(metrics, company, period=YEAR, as_of=NOW, runner=engine)
    assert [v.value for v in values] == pytest.approx([median, mean, p90, median])
    assert values[0].n_assumed == values[0].n == 4238


def test_open_deals_at_the_end_of_each_month(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """The raw file has amounts of closed deals only, so that the pipeline of the past is theirs."""
    expected = by_hand.sql("""
        SELECT month::DATE, count(engaged), coalesce(sum(value), 0), count(engaged) - count(value)
        FROM generate_series(DATE '2017-01-01', DATE '2017-12-01', INTERVAL 1 MONTH) AS months(month)
        LEFT JOIN deals ON engaged < month + INTERVAL 1 MONTH AND (closed IS NULL OR closed >= month + INTERVAL 1 MONTH)
        GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["open_deals", "pipeline_value"], company, period=YEAR, as_of=NOW, runner=engine, grain="month")
    stood, worth = values[:12], values[12:]
    assert [(v.period.start, v.value) for v in stood] == [(month, number) for month, number, *_ in expected]
    assert [float(v.value or 0) for v in worth] == [amount for _, _, amount, _ in expected]
    assert [v.n_missing_amount for v in worth] == [missing for *_, missing in expected]
    assert expected[-1][1] == 1589


def test_won_within_90_days_of_engagement(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    won, created, matured = by_hand.sql("""
        SELECT count(*) FILTER (deal_stage = 'Won' AND closed - engaged <= 90), count(*),
            count(*) FILTER (engaged + 90 <= DATE '2018-01-01')
        FROM deals WHERE year(engaged) = 2017""").fetchall()[0]
    value = measure(["win_rate_cohort"], company, period=YEAR, as_of=NOW, runner=engine)[0]
    assert (value.numerator, value.denominator) == (won, created)
    assert value.maturity == pytest.approx(matured / created)
    assert 0 < matured < created


def test_new_customers_are_accounts_by_their_first_win(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        SELECT month, count(*) FROM (
            SELECT account, date_trunc('month', min(closed))::DATE AS month
            FROM deals WHERE deal_stage = 'Won' AND account IS NOT NULL GROUP BY 1
        ) GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["new_customers"], company, period=YEAR, as_of=NOW, runner=engine, grain="month")
    assert [(v.period.start, v.value) for v in values if v.value] == expected


def test_the_rows_behind_a_number_are_the_deals_of_the_file(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    agent = "Darcel Schlecht"
    period = Period(date(2017, 6, 1), date(2017, 7, 1))
    expected = by_hand.execute(
        """SELECT opportunity_id FROM deals WHERE sales_agent = ? AND deal_stage IN ('Won', 'Lost')
           AND closed >= DATE '2017-06-01' AND closed < DATE '2017-07-01'""",
        [agent],
    ).fetchall()
    behind = engine.to_arrow(rows("win_rate", company, period=period, as_of=NOW, filters=[Only("owner", (agent,))]))
    assert sorted(behind["id"].to_pylist()) == sorted(row[0] for row in expected)
    assert len(expected) > 20
