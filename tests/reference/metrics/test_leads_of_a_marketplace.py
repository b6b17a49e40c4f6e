"""Wins for each lead of a marketplace, and the items of its orders, against SQL by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import raw_companies
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure

NOW = datetime(2019, 1, 1, tzinfo=UTC)


def test_wins_for_each_lead_by_source(real_data: Path, runner: DuckdbRunner) -> None:
    """Of the same quarter, whichever leads the sellers had been."""
    by_hand = raw_companies.connect(real_data / "olist")
    expected = by_hand.sql("""
        SELECT asked.origin, won / leads FROM (
            SELECT origin, count(*) AS leads FROM raw.leads
            WHERE first_contact_date::DATE >= '2018-01-01' AND first_contact_date::DATE < '2018-04-01' GROUP BY 1
        ) AS asked JOIN (
            SELECT origin, count(*) AS won FROM raw.closed JOIN raw.leads USING (mql_id)
            WHERE won_date::TIMESTAMP >= '2018-01-01' AND won_date::TIMESTAMP < '2018-04-01' GROUP BY 1
        ) AS got ON got.origin IS NOT DISTINCT FROM asked.origin""").fetchall()
    company = raw_companies.snapshot(real_data / "olist", runner)
    quarter = Period(date(2018, 1, 1), date(2018, 4, 1))
    values = measure(["close_rate_leads"], company, period=quarter, as_of=NOW, runner=runner, by=["source"])
    found = {v.dimensions["source"]: v.value for v in values if v.value}
    assert found == pytest.approx(dict(expected))
    assert len(expected) >= 8


def test_items_of_the_orders_of_each_month(real_data: Path, runner: DuckdbRunner) -> None:
    """The raw file has one row per item; orders without items are left out."""
    items = str(real_data / "olist" / "sample_olist_order_items_dataset.csv.gz")
    by_hand = raw_companies.connect(real_data / "olist")
    read = f"read_csv('{items}', all_varchar = true)"
    lines = by_hand.sql(
        f"SELECT order_id || '-' || order_item_id AS id, order_id, product_id, 1.0 AS quantity FROM {read}"
    )
    expected = by_hand.sql(f"""
        SELECT date_trunc('month', order_purchase_timestamp::TIMESTAMP)::DATE, sum(items), count(*)
        FROM raw.orders JOIN (SELECT order_id, count(*) AS items FROM {read} GROUP BY 1) USING (order_id)
        WHERE order_status <> 'canceled' AND year(order_purchase_timestamp::TIMESTAMP) = 2018
        GROUP BY 1 ORDER BY 1""").fetchall()
    known = raw_companies.snapshot(real_data / "olist", runner)
    company = known.with_tables({"order_lines": runner.from_arrow(lines.to_arrow_table())})
    year = Period.year(2018)
    values = measure(["items_per_basket"], company, period=year, as_of=NOW, runner=runner, grain="month")
    assert [(v.period.start, v.numerator, v.n) for v in values if v.n] == expected
    assert len(expected) >= 8
