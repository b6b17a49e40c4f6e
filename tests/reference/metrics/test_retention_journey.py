"""A retailer's households: who stays, who comes back and what they brought, against SQL by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

import raw_companies
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure
from rapport.engine.metrics.cohort_table import cohort_table

NOW = datetime(2018, 3, 1, tzinfo=UTC)
YEAR = Period.year(2017)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def company(real_data: Path, engine: DuckdbRunner) -> Snapshot:
    """Households buy often: a window of 14 days, so that some are lost."""
    made = raw_companies.snapshot(real_data / "completejourney", engine)
    tables = {"orders": made.tables["orders"]}
    return replace(made, tables=tables, settings={"activity_window_days": 14, "customer_grain": "person"})


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    connection = raw_companies.connect(real_data / "completejourney")
    connection.sql("""CREATE TABLE baskets AS
        SELECT basket_id, household_id AS who, min(transaction_timestamp) AS bought,
            sum(sales_value::DECIMAL(18, 4)) AS value
        FROM raw.transactions GROUP BY ALL""")
    return connection


def test_who_is_there_and_who_was_lost_in_each_month(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """The own median gap by a join of each purchase with all before it; at an instant the last purchase counts."""
    by_hand.sql("""CREATE TABLE windows AS
        WITH gaps AS (
            SELECT who, bought, basket_id, epoch(bought) - lag(epoch(bought)) OVER w AS gap
            FROM baskets WINDOW w AS (PARTITION BY who ORDER BY bought, basket_id))
        SELECT a.who, a.bought, epoch(a.bought)
            + greatest(14 * 86400, 3 * coalesce(quantile_cont(b.gap, 0.5) FILTER (b.gap >= 86400), 0)) AS until
        FROM gaps a JOIN gaps b ON a.who = b.who AND b.bought <= a.bought GROUP BY a.who, a.bought""")
    expected = by_hand.sql("""
        WITH ends AS (SELECT unnest(generate_series(DATE '2017-03-01', DATE '2017-12-01', INTERVAL 1 MONTH)) AS first),
        there AS (
            SELECT first, who,
                arg_max(until, bought) FILTER (bought < first) >= epoch(first) AS at_start,
                arg_max(until, bought) FILTER (bought < first + INTERVAL 1 MONTH)
                    >= epoch(first + INTERVAL 1 MONTH) AS at_end
            FROM ends, windows GROUP BY first, who)
        SELECT first::DATE, count(*) FILTER (at_start), count(*) FILTER (at_start AND NOT at_end),
            count(*) FILTER (at_end) FROM there GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(
        ["logo_churn_rate", "current_customers", "retention_rate", "customers_lost", "logo_churn_rate_average"],
        company,
        period=Period(date(2017, 3, 1), date(2018, 1, 1)),
        as_of=NOW,
        runner=engine,
        grain="month",
    )
    told = {(v.metric, v.period.start): v for v in values}
    assert len(expected) == 10
    assert sum(lost for _, _, lost, _ in expected) > 100
    for month, at_start, lost, at_end in expected:
        churn = told["logo_churn_rate", month]
        assert (churn.denominator, churn.numerator) == (at_start, lost)
        assert told["retention_rate", month].value == pytest.approx(1 - lost / at_start)
        assert told["current_customers", month].value == at_end
        assert told["customers_lost", month].value == lost
        assert told["logo_churn_rate_average", month].value == pytest.approx(lost / ((at_start + at_end) / 2))


def test_cohorts_by_months_since_the_first_basket(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    expected = by_hand.sql("""
        WITH months AS (SELECT DISTINCT who, date_trunc('month', bought) AS month FROM baskets),
        firsts AS (SELECT who, min(month) AS first FROM months GROUP BY 1)
        SELECT first::DATE, date_diff('month', first, month), count(*) FROM months JOIN firsts USING (who)
        WHERE year(first) = 2017 GROUP BY ALL""").fetchall()
    kept = {(first, since): number for first, since, number in expected}
    january = Period.month(2017, 1)
    by_age = measure(
        ["cohort_retention_rate", "cohort_retention_rate_rolling"],
        company,
        period=january,
        as_of=NOW,
        runner=engine,
        by=["months_since_first"],
    )
    found = {(v.metric, int(v.dimensions["months_since_first"] or 0)): v.numerator for v in by_age}
    last = by_hand.sql("""
        SELECT date_diff('month', min(bought), max(bought)) FROM baskets
        GROUP BY who HAVING date_trunc('month', min(bought)) = DATE '2017-01-01'""").fetchall()
    for since in range(12):
        assert found["cohort_retention_rate", since] == kept[january.start, since]
        assert found["cohort_retention_rate_rolling", since] == sum(1 for (months,) in last if months >= since)
    table = cohort_table(company, period=YEAR, as_of=NOW, runner=engine)
    assert len(table) > 6
    for cohort in table:
        assert cohort.customers == kept[cohort.period.start, 0]
        found = [v.numerator for v in cohort.kept]
        assert found == [kept.get((cohort.period.start, since), 0) for since in range(len(found))]


def test_value_to_date_and_segments(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """Quintiles at the end of September: a score is 1 + the cut points strictly below; the map as published."""
    expected = by_hand.sql("""
        WITH stood AS (
            SELECT who, date_diff('day', max(bought)::DATE, DATE '2017-09-30') AS since, count(*) AS times,
                sum(value) AS value
            FROM baskets WHERE bought < DATE '2017-10-01' GROUP BY 1),
        cuts AS (SELECT quantile_disc(since, [0.2, 0.4, 0.6, 0.8]) AS s, quantile_disc(times, [0.2, 0.4, 0.6, 0.8]) AS t
            FROM stood),
        scored AS (
            SELECT value, 5 - len(list_filter(s, lambda c: c < since)) AS r,
                1 + len(list_filter(t, lambda c: c < times)) AS f FROM stood, cuts)
        SELECT CASE WHEN r = 5 AND f >= 4 THEN 'champions' WHEN r >= 3 AND f >= 4 THEN 'loyal'
            WHEN r >= 4 AND f >= 2 THEN 'potential loyalist' WHEN r = 5 THEN 'new' WHEN r = 4 THEN 'promising'
            WHEN r = 3 AND f = 3 THEN 'need attention' WHEN r = 3 THEN 'about to sleep'
            WHEN f = 5 THEN 'can''t lose' WHEN f >= 3 THEN 'at risk' ELSE 'hibernating' END AS segment,
            count(*), sum(value) FROM scored GROUP BY 1""").fetchall()
    september = Period.month(2017, 9)
    ids = ["rfm_segment_share", "clv_historic_revenue"]
    values = measure(ids, company, period=september, as_of=NOW, runner=engine, by=["rfm_segment"])
    told = {(v.metric, v.dimensions["rfm_segment"]): v for v in values}
    everybody = sum(number for _, number, _ in expected)
    assert len(expected) >= 8
    for segment, number, value in expected:
        share = told["rfm_segment_share", segment]
        assert share.numerator == number
        assert share.value == pytest.approx(number / everybody)
        assert told["clv_historic_revenue", segment].value == pytest.approx(float(value) / number)
