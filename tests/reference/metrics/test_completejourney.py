"""A retailer's households, baskets, campaigns and redemptions: customer and campaign metrics against SQL by hand."""

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


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def company(real_data: Path, engine: DuckdbRunner) -> Snapshot:
    return raw_companies.snapshot(real_data / "completejourney", engine)


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    """`baskets`: one row per basket of the raw lines. `touches`: campaigns sent to households, and first redeemed."""
    connection = raw_companies.connect(real_data / "completejourney")
    connection.sql("""CREATE TABLE baskets AS
        SELECT basket_id, household_id, min(transaction_timestamp) AS bought,
            sum(sales_value::DECIMAL(18, 4)) AS value
        FROM raw.transactions GROUP BY ALL""")
    connection.sql("""CREATE TABLE touches AS
        SELECT household_id, campaign_id, start_date::TIMESTAMP AS touched
        FROM raw.members JOIN raw.campaigns USING (campaign_id)
        UNION ALL
        SELECT household_id, campaign_id, min(redemption_date)::TIMESTAMP
        FROM raw.redemptions SEMI JOIN raw.members USING (household_id, campaign_id) GROUP BY ALL""")
    return connection


def test_baskets_of_each_month(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    expected = by_hand.sql("""
        SELECT date_trunc('month', bought)::DATE, count(*), sum(value), count(DISTINCT household_id),
            sum(value) / count(*) FILTER (value > 0)
        FROM baskets WHERE year(bought) = 2017 GROUP BY 1 ORDER BY 1""").fetchall()
    metrics = ["orders", "revenue", "active_customers", "average_basket_value"]
    values = measure(metrics, company, period=YEAR, as_of=NOW, runner=engine, grain="month")
    found = {(v.metric, v.period.start): v.value for v in values}
    assert len(expected) == 12
    for month, number, amount, households, mean in expected:
        assert found["orders", month] == number
        assert found["revenue", month] == amount
        assert found["active_customers", month] == households
        assert found["average_basket_value", month] == pytest.approx(float(mean))


def test_who_came_again(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    """Up to the end of each quarter, and within it; baskets within a day of the first are one purchase."""
    expected = by_hand.sql("""
        SELECT quarter,
            avg((last_ever - first_ever >= INTERVAL 24 HOUR)::INT),
            avg((last_here - first_here >= INTERVAL 24 HOUR)::INT) FILTER (first_here IS NOT NULL)
        FROM (
            SELECT quarter::DATE AS quarter, household_id, min(bought) AS first_ever, max(bought) AS last_ever,
                min(bought) FILTER (bought >= quarter) AS first_here,
                max(bought) FILTER (bought >= quarter) AS last_here
            FROM generate_series(DATE '2017-01-01', DATE '2017-10-01', INTERVAL 3 MONTH) AS quarters(quarter)
            JOIN baskets ON bought < quarter + INTERVAL 3 MONTH
            GROUP BY ALL
        ) GROUP BY 1 ORDER BY 1""").fetchall()
    metrics = ["repeat_customer_ratio", "repeat_customer_ratio_period"]
    values = measure(metrics, company, period=YEAR, as_of=NOW, runner=engine, grain="quarter")
    assert [v.value for v in values[:4]] == pytest.approx([ever for _, ever, _ in expected])
    assert [v.value for v in values[4:]] == pytest.approx([here for _, _, here in expected])


def test_new_customers_and_frequency(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    new = by_hand.sql("""
        SELECT month, count(*) FROM (
            SELECT household_id, date_trunc('month', min(bought))::DATE AS month FROM baskets GROUP BY 1
        ) WHERE year(month) = 2017 GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["new_customers"], company, period=YEAR, as_of=NOW, runner=engine, grain="month")
    assert [(v.period.start, v.value) for v in values if v.value] == new
    orders, buyers = by_hand.sql("""
        SELECT count(*), count(DISTINCT household_id) FROM baskets
        WHERE bought >= DATE '2017-12-01' - 365 AND bought < DATE '2017-12-01'""").fetchall()[0]
    november = measure(["purchase_frequency"], company, period=Period.month(2017, 11), as_of=NOW, runner=engine)[0]
    assert (november.numerator, november.denominator) == (orders, buyers)
    assert november.coverage is not None
    assert november.coverage < 0.95  # the data begin in January
    assert "partly covered" in november.flags


def test_responses_are_first_redemptions_of_members(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    by_hand.sql("""CREATE OR REPLACE TABLE first_answers AS
        SELECT household_id, campaign_id, min(redemption_date) AS answered
        FROM raw.redemptions SEMI JOIN raw.members USING (household_id, campaign_id) GROUP BY ALL""")
    expected = by_hand.sql("""
        SELECT campaign_id, count(*) FROM first_answers WHERE year(answered) = 2017 GROUP BY 1""").fetchall()
    values = measure(["campaign_responses"], company, period=YEAR, as_of=NOW, runner=engine, by=["campaign"])
    assert {v.dimensions["campaign"]: v.value for v in values} == dict(expected)
    people = by_hand.sql(
        "SELECT count(DISTINCT household_id) FROM first_answers WHERE year(answered) = 2017"
    ).fetchall()
    found = measure(["campaign_responders"], company, period=YEAR, as_of=NOW, runner=engine)[0]
    assert found.value == people[0][0]
    assert found.value < sum(number for _, number in expected)


def test_response_rate_gives_each_member_30_days(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        SELECT campaign_type, count(*) FILTER (answered <= start_date + INTERVAL 30 DAY), count(*)
        FROM raw.members JOIN raw.campaigns USING (campaign_id)
        LEFT JOIN (SELECT household_id, campaign_id, min(redemption_date) AS answered FROM raw.redemptions GROUP BY ALL)
            USING (household_id, campaign_id)
        WHERE year(start_date) = 2017 GROUP BY 1""").fetchall()
    values = measure(["campaign_response_rate"], company, period=YEAR, as_of=NOW, runner=engine, by=["campaign_type"])
    found = {(v.dimensions["campaign_type"], v.numerator, v.denominator) for v in values}
    assert found == set(expected)
    assert len(found) == 3


def test_revenue_goes_to_the_last_campaign_that_touched_the_household(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        WITH credited AS (
            SELECT basket_id, any_value(value) AS value,
                arg_max(campaign_id, (touched, campaign_id)) FILTER (touched IS NOT NULL) AS campaign_id
            FROM baskets b LEFT JOIN touches t
                ON t.household_id = b.household_id AND touched <= bought AND touched >= bought - INTERVAL 30 DAY
            WHERE year(bought) = 2017 GROUP BY basket_id
        )
        SELECT coalesce(campaign_id, 'unattributed'), sum(value), count(*) FROM credited GROUP BY 1""").fetchall()
    values = measure(
        ["campaign_revenue", "campaign_purchases"], company, period=YEAR, as_of=NOW, runner=engine, by=["campaign"]
    )
    revenue = {v.dimensions["campaign"]: v.value for v in values if v.metric == "campaign_revenue"}
    purchases = {v.dimensions["campaign"]: v.value for v in values if v.metric == "campaign_purchases"}
    assert revenue == {campaign: amount for campaign, amount, _ in expected}
    assert purchases == {campaign: number for campaign, _, number in expected}
    assert len(expected) > 20
    whole = measure(["campaign_revenue", "revenue"], company, period=YEAR, as_of=NOW, runner=engine)
    assert sum(amount for _, amount, _ in expected) == whole[0].denominator == whole[1].value


def test_credit_is_shared_out_along_the_path(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """Linear, position-based and time decay, of paths in which repeats right after one another are one touch."""
    expected = by_hand.sql("""
        WITH paths AS (
            SELECT basket_id, any_value(bought) AS bought,
                list({'c': campaign_id, 'at': touched} ORDER BY touched, campaign_id) AS path
            FROM baskets b JOIN touches t
                ON t.household_id = b.household_id AND touched <= bought AND touched >= bought - INTERVAL 30 DAY
            WHERE year(bought) = 2017 GROUP BY basket_id
        ), ends AS (  -- the last touch of each run of one campaign stands for the run
            SELECT basket_id, bought,
                list_filter(path, (step, i) -> i = len(path) OR path[i + 1].c <> step.c) AS path FROM paths
        ), steps AS (
            SELECT basket_id, bought, unnest(path) AS step, unnest(range(1, len(path) + 1)) AS i, len(path) AS n
            FROM ends
        ), weighed AS (
            SELECT *, 0.5 ** (epoch(bought - step.at) / 86400 / 7) AS decay,
                CASE WHEN n = 1 THEN 1 WHEN n = 2 THEN 0.5 WHEN i IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END AS position
            FROM steps
        )
        SELECT step.c, sum(1 / n), sum(position), sum(decay / whole)
        FROM (SELECT *, sum(decay) OVER (PARTITION BY basket_id) AS whole FROM weighed) GROUP BY 1""").fetchall()
    assert len(expected) > 20
    for place, model in enumerate(("linear", "position_based", "time_decay"), 1):
        metric = f"campaign_purchases_{model}"
        values = measure([metric], company, period=YEAR, as_of=NOW, runner=engine, by=["campaign"])
        found = {v.dimensions["campaign"]: float(v.value or 0) for v in values if v.value}
        assert found.pop("unattributed") > 0
        assert found == pytest.approx({row[0]: float(row[place]) for row in expected}, rel=1e-6)


def test_campaigns_that_ran_in_each_month(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """The end is an instant: a campaign that ends at the first midnight of a month did not run in it."""
    expected = by_hand.sql("""
        SELECT month::DATE, count(*)
        FROM generate_series(DATE '2017-01-01', DATE '2017-12-01', INTERVAL 1 MONTH) AS months(month)
        JOIN raw.campaigns ON start_date < month + INTERVAL 1 MONTH AND end_date > month
        GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["campaigns_active"], company, period=YEAR, as_of=NOW, runner=engine, grain="month")
    assert [(v.period.start, v.value) for v in values] == expected
    assert date(2017, 1, 1) == expected[0][0]
