"""Households of a retailer who come again: months, baskets, key customers and returns against SQL by hand."""

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

NOW = datetime(2018, 3, 1, tzinfo=UTC)
YEAR = Period.year(2017)
SUMMER = Period(date(2017, 6, 1), date(2017, 9, 1))


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    """`baskets`: one row per basket of the raw lines."""
    connection = raw_companies.connect(real_data / "completejourney")
    connection.sql("""CREATE TABLE baskets AS
        SELECT basket_id, household_id, min(transaction_timestamp) AS bought,
            sum(sales_value::DECIMAL(18, 4)) AS value, sum(quantity) AS pieces
        FROM raw.transactions GROUP BY ALL""")
    return connection


@pytest.fixture(scope="module")
def company(real_data: Path, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> Snapshot:
    """A fixed activity window of 90 days, so that returns can be told by eye."""
    lines = by_hand.sql("""
        SELECT basket_id || '-' || row_number() OVER () AS id, basket_id AS order_id, product_id, quantity
        FROM raw.transactions""")
    known = raw_companies.snapshot(real_data / "completejourney", engine)
    tables = {"orders": known.tables["orders"], "order_lines": engine.from_arrow(lines.to_arrow_table())}
    return Snapshot(tables, time_zone="UTC", currency="USD", settings={"activity_window_gaps": 0})


def test_who_bought_in_each_of_the_last_three_months(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        SELECT month::DATE, count(*) FILTER (months = 3),
            count(*) FILTER (months = 3 AND first < month - INTERVAL 2 MONTH),
            count(*) FILTER (first < month - INTERVAL 2 MONTH), count(*) FILTER (here)
        FROM (
            SELECT month, household_id, min(bought) AS first, bool_or(bought >= month) AS here,
                count(DISTINCT date_trunc('month', bought)) FILTER (bought >= month - INTERVAL 2 MONTH) AS months
            FROM generate_series(DATE '2017-06-01', DATE '2017-08-01', INTERVAL 1 MONTH) AS all_(month)
            JOIN baskets ON bought < month + INTERVAL 1 MONTH GROUP BY ALL
        ) GROUP BY 1 ORDER BY 1""").fetchall()
    metrics = ["regular_customers", "regular_customers_share", "monthly_buyers"]
    values = measure(metrics, company, period=SUMMER, as_of=NOW, runner=engine, grain="month")
    assert [v.value for v in values[:3]] == [regular for _, regular, *_ in expected]
    assert [(v.numerator, v.denominator) for v in values[3:6]] == [(old, all_) for _, _, old, all_, _ in expected]
    assert [v.value for v in values[6:]] == [here for *_, here in expected]
    assert all(regular > 50 for _, regular, *_ in expected)


def test_key_households_and_those_of_them_who_buy_monthly(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        WITH worth AS (
            SELECT household_id, sum(value) AS value,
                count(DISTINCT date_trunc('month', bought)) FILTER (bought >= DATE '2017-06-01') AS months
            FROM baskets WHERE bought < DATE '2017-09-01' GROUP BY 1 HAVING sum(value) > 0
        ), ranked AS (SELECT *, rank() OVER (ORDER BY value DESC) AS place, count(*) OVER () AS all_ FROM worth)
        SELECT count(*) FILTER (months = 3), count(*) FROM ranked WHERE place <= ceil(0.1 * all_)""").fetchall()[0]
    august = Period.month(2017, 8)
    value = measure(["key_customer_regular_share"], company, period=august, as_of=NOW, runner=engine)[0]
    assert (value.numerator, value.denominator) == expected
    assert expected[1] > 150


def test_pieces_and_repeat_purchases(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    pieces, baskets, buyers = by_hand.sql("""SELECT sum(pieces), count(*), count(DISTINCT household_id) FROM baskets
        WHERE bought >= DATE '2017-06-01' AND bought < DATE '2017-09-01'""").fetchall()[0]
    days, households = by_hand.sql("""SELECT sum(days - 1), count(*) FROM (
        SELECT household_id, count(DISTINCT bought::DATE) AS days FROM baskets
        WHERE bought < DATE '2017-09-01' GROUP BY 1)""").fetchall()[0]
    metrics = ["items_per_basket", "purchase_frequency_period", "repeat_purchase_frequency"]
    values = measure(metrics, company, period=SUMMER, as_of=NOW, runner=engine)
    assert [v.value for v in values] == pytest.approx([pieces / baskets, baskets / buyers, days / households])


def test_who_came_again_within_a_year_of_the_first_basket(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        SELECT date_trunc('quarter', first)::DATE, count(*) FILTER (again), count(*)
        FROM (
            SELECT household_id, any_value(first) AS first,
                bool_or(bought >= first + INTERVAL 24 HOUR AND bought <= first + INTERVAL 365 DAY) AS again
            FROM (SELECT *, min(bought) OVER (PARTITION BY household_id) AS first FROM baskets) GROUP BY 1
        ) WHERE year(first) = 2017 GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(
        ["repeat_customer_ratio_12_months"], company, period=YEAR, as_of=NOW, runner=engine, grain="quarter"
    )
    assert [(v.period.start, v.numerator, v.denominator) for v in values] == expected
    assert values[0].maturity is not None
    assert 0 < (values[0].maturity or 0) < 1
    assert values[3].maturity == 0


def test_who_stayed_and_who_came_back_after_90_days(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    back = by_hand.sql("""
        SELECT date_trunc('month', bought)::DATE, count(*) FROM (
            SELECT bought, lag(bought) OVER (PARTITION BY household_id ORDER BY bought) AS before FROM baskets)
        WHERE bought > before + INTERVAL 90 DAY AND bought >= DATE '2017-06-01' AND bought < DATE '2017-09-01'
        GROUP BY 1 ORDER BY 1""").fetchall()
    kept, began = by_hand.sql("""
        SELECT count(*) FILTER (last_end > DATE '2017-09-01' - INTERVAL 90 DAY), count(*)
        FROM (
            SELECT household_id, max(bought) FILTER (bought < DATE '2017-06-01') AS last_start, max(bought) AS last_end
            FROM baskets WHERE bought < DATE '2017-09-01' GROUP BY 1
        ) WHERE last_start > DATE '2017-06-01' - INTERVAL 90 DAY""").fetchall()[0]
    returned = measure(["reactivated_customers"], company, period=SUMMER, as_of=NOW, runner=engine, grain="month")
    assert [(v.period.start, v.value) for v in returned] == back
    value = measure(["retained_customers"], company, period=SUMMER, as_of=NOW, runner=engine)[0]
    assert (value.value, value.denominator) == (kept, began)
    assert sum(number for _, number in back) > 100
