"""A marketplace in Brazil, in its own time zone: leads, won deals and orders against SQL over the raw files.

The raw times are local and without zone, so that plain months of the raw text are the expected answer.
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

NOW = datetime(2019, 1, 1, tzinfo=UTC)
TWO_YEARS = Period(date(2016, 9, 1), date(2018, 11, 1))


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def company(real_data: Path, engine: DuckdbRunner) -> Snapshot:
    return raw_companies.snapshot(real_data / "olist", engine)


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    return raw_companies.connect(real_data / "olist")


def test_leads_by_month_and_source(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    expected = by_hand.sql("""
        SELECT date_trunc('month', first_contact_date::DATE)::DATE, origin, count(*)
        FROM raw.leads GROUP BY ALL""").fetchall()
    values = measure(["leads"], company, period=TWO_YEARS, as_of=NOW, runner=engine, grain="month", by=["source"])
    found = {(v.period.start, v.dimensions["source"], v.value) for v in values if v.value}
    assert found == set(expected)
    assert sum(v.value or 0 for v in values) == 8000


def test_sales_cycle_of_each_quarter(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """One deal was won before its first contact: it is won, but its cycle is left out."""
    expected = by_hand.sql("""
        SELECT date_trunc('quarter', won)::DATE, count(*), count(*) FILTER (days >= 0),
            quantile_cont(days, 0.5) FILTER (days >= 0)
        FROM (
            SELECT won_date::TIMESTAMP AS won, epoch(
                timezone('America/Sao_Paulo', won_date::TIMESTAMP)
                - timezone('America/Sao_Paulo', first_contact_date::TIMESTAMP)) / 86400 AS days
            FROM raw.closed JOIN raw.leads USING (mql_id)
        ) GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(
        ["deals_won", "sales_cycle_length"],
        company,
        period=Period(date(2017, 10, 1), date(2019, 1, 1)),
        as_of=NOW,
        runner=engine,
        grain="quarter",
    )
    won, cycle = values[:5], values[5:]
    assert [(v.period.start, v.value) for v in won] == [(quarter, number) for quarter, number, *_ in expected]
    assert [v.n for v in cycle] == [number for _, _, number, _ in expected]
    assert [v.value for v in cycle] == pytest.approx([median for *_, median in expected])
    assert sum(number for _, number, *_ in expected) - sum(v.n for v in cycle) == 1


def test_leads_that_became_sellers_within_90_days(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """Real elapsed time, as in the metric: 90 days of 24 hours from the local midnight of the first contact."""
    expected = by_hand.sql("""
        SELECT origin, count(*) FILTER (won >= began AND won <= began + INTERVAL 90 DAY), count(*)
        FROM (
            SELECT origin, timezone('America/Sao_Paulo', first_contact_date::TIMESTAMP) AS began,
                timezone('America/Sao_Paulo', won_date::TIMESTAMP) AS won
            FROM raw.leads LEFT JOIN raw.closed USING (mql_id)
        ) GROUP BY 1""").fetchall()
    company = Snapshot({name: company.tables[name] for name in ("contacts", "deals")}, time_zone="America/Sao_Paulo")
    values = measure(["lead_to_customer_rate"], company, period=TWO_YEARS, as_of=NOW, runner=engine, by=["source"])
    assert {(v.dimensions["source"], v.numerator, v.denominator) for v in values} == set(expected)
    assert sum(v.numerator or 0 for v in values) > 500


def test_orders_and_their_value_by_local_month(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """Cancelled orders are none; an order without payments has no amount and is counted as such."""
    expected = by_hand.sql("""
        SELECT date_trunc('month', order_purchase_timestamp::TIMESTAMP)::DATE, count(*), sum(paid),
            sum(paid) / count(*) FILTER (paid > 0), quantile_cont(paid::DOUBLE, 0.5) FILTER (paid > 0),
            count(*) FILTER (paid IS NULL)
        FROM raw.orders
        LEFT JOIN (SELECT order_id, sum(payment_value::DECIMAL(18, 4)) AS paid FROM raw.payments GROUP BY 1)
            USING (order_id)
        WHERE order_status <> 'canceled' GROUP BY 1 ORDER BY 1""").fetchall()
    metrics = ["orders", "revenue", "average_basket_value", "median_basket_value"]
    values = measure(metrics, company, period=TWO_YEARS, as_of=NOW, runner=engine, grain="month")
    found = {(v.metric, v.period.start): v for v in values}
    assert len(expected) > 20
    for month, number, amount, mean, median, missing in expected:
        assert found["orders", month].value == number
        assert found["revenue", month].value == amount
        assert found["revenue", month].n_missing_amount == missing
        assert found["average_basket_value", month].value == pytest.approx(float(mean))
        assert found["median_basket_value", month].value == pytest.approx(median)
    told = {month for month, *_ in expected}
    assert all(not v.value for v in values if v.period.start not in told)


def test_in_greenwich_some_orders_fall_into_another_month(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """Late evenings in Brazil are already the next day in Greenwich: the zone is not an ornament."""
    greenwich = Snapshot(company.tables, time_zone="UTC", currency="BRL")
    there = measure(["orders"], company, period=TWO_YEARS, as_of=NOW, runner=engine, grain="month")
    here = measure(["orders"], greenwich, period=TWO_YEARS, as_of=NOW, runner=engine, grain="month")
    assert sum(v.value or 0 for v in there) == sum(v.value or 0 for v in here)
    assert [v.value for v in there] != [v.value for v in here]


def test_nobody_has_lost_deals_here_and_nothing_is_made_up(company: Snapshot, engine: DuckdbRunner) -> None:
    metrics = ["bookings", "nps", "backlog", "campaign_revenue", "stage_duration"]
    values = measure(metrics, company, period=TWO_YEARS, as_of=NOW, runner=engine)
    reasons = " | ".join(v.reason or "" for v in values)
    assert all(v.value is None for v in values)
    for missing in ("deal.amount", "survey answers", "cases", "campaigns", "deal stage visits or attribute history"):
        assert missing in reasons
