"""Marketing metrics of real companies against SQL by hand: mailings, an e-mail experiment, a grocer, a marketplace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

import raw_companies
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


def connect(**files: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.sql("SET TimeZone = 'UTC'")
    for name, path in files.items():
        source = f"'{path}'" if path.suffix == ".parquet" else f"read_csv('{path}', all_varchar = true)"
        connection.sql(f"CREATE VIEW {name} AS SELECT * FROM {source}")
    return connection


def parts(values: list[MetricValue]) -> dict[str, tuple[object, object]]:
    return {v.metric: (v.numerator, v.denominator) for v in values}


@pytest.fixture(scope="module")
def mailchimp_rows(real_data: Path) -> duckdb.DuckDBPyConnection:
    folder = real_data / "vendor_export_schemas" / "mailchimp"
    names = {"sent": "campaign_recipient", "did": "campaign_recipient_activity", "campaign": "campaign"}
    return connect(**{name: folder / f"{file}.csv" for name, file in names.items()})


@pytest.fixture(scope="module")
def mailchimp(mailchimp_rows: duckdb.DuckDBPyConnection, engine: DuckdbRunner) -> Snapshot:
    rows = mailchimp_rows.sql("""
        SELECT 'sent' || member_id AS id, member_id AS contact_id, campaign_id, 'email_sent' AS type, NULL AS url,
            timezone('UTC', send_time::TIMESTAMP) AS occurred_at
        FROM sent JOIN campaign ON campaign.id = campaign_id
        UNION ALL
        SELECT 'did' || row_number() OVER (), member_id, campaign_id, 'email_' || action, url,
            timezone('UTC', timestamp::TIMESTAMP)
        FROM did""")
    return Snapshot({"interactions": engine.from_arrow(rows.to_arrow_table())}, time_zone="UTC", currency="USD")


class TestMailchimpExport:
    """Ten recipients of one campaign. One of them came back to it after four months, and clicked then."""

    METRICS = ("email_open_rate", "email_open_rate_total", "email_click_rate", "email_click_rate_total", "email_ctor")

    def test_of_ten_mails(
        self, mailchimp: Snapshot, engine: DuckdbRunner, mailchimp_rows: duckdb.DuckDBPyConnection
    ) -> None:
        openers, opens, clickers, clicks = mailchimp_rows.sql("""
            SELECT count(DISTINCT member_id) FILTER (action = 'open'), count(*) FILTER (action = 'open'),
                count(DISTINCT member_id) FILTER (action = 'click'), count(*) FILTER (action = 'click')
            FROM did JOIN campaign ON campaign.id = campaign_id
            WHERE timestamp::TIMESTAMP <= send_time::TIMESTAMP + INTERVAL 7 DAY""").fetchall()[0]
        november = Period.month(2019, 11)
        values = measure(
            self.METRICS, mailchimp, period=november, as_of=datetime(2020, 6, 1, tzinfo=UTC), runner=engine
        )
        told = [(openers, 10), (opens, 10), (clickers, 10), (clicks, 10), (clickers, openers)]
        assert parts(values) == dict(zip(self.METRICS, told, strict=True))
        assert (openers, opens, clickers, clicks) == (7, 11, 1, 3)

    def test_who_comes_back_after_months_is_seen_by_the_day_only(
        self, mailchimp: Snapshot, engine: DuckdbRunner
    ) -> None:
        metrics = ["emails_opened", "emails_clicked", "email_open_rate", "email_open_rate_event"]
        april, as_of = Period.month(2020, 4), datetime(2020, 6, 1, tzinfo=UTC)
        found = {v.metric: v.value for v in measure(metrics, mailchimp, period=april, as_of=as_of, runner=engine)}
        assert found == {
            "emails_opened": 1,
            "emails_clicked": 1,
            "email_open_rate": None,
            "email_open_rate_event": None,  # nothing was sent
        }


def test_visits_after_the_mails_of_an_experiment(real_data: Path, engine: DuckdbRunner) -> None:
    """Hillstrom's two mailings: who visited the shop stands for who clicked, a day after the mail."""
    by_hand = connect(rows=real_data / "hillstrom" / "hillstrom_even_rows.csv.gz")
    by_hand.sql("CREATE TABLE people AS SELECT row_number() OVER () AS person, * FROM rows")
    mails = by_hand.sql("""
        SELECT type || person AS id, person::VARCHAR AS contact_id, segment AS campaign_id, type,
            TIMESTAMPTZ '2008-03-01 12:00:00Z' + CASE type WHEN 'email_click' THEN INTERVAL 1 DAY ELSE INTERVAL 0 DAY
            END AS occurred_at
        FROM people, unnest(['email_sent', 'email_click']) AS kinds(type)
        WHERE segment <> 'No E-Mail' AND (type = 'email_sent' OR visit = '1')""")
    company = Snapshot({"interactions": engine.from_arrow(mails.to_arrow_table())}, time_zone="UTC", currency="USD")
    expected = by_hand.sql("""
        SELECT segment, count(*) FILTER (visit = '1'), count(*) FROM people
        WHERE segment <> 'No E-Mail' GROUP BY 1""").fetchall()
    values = measure(
        ["email_click_rate"],
        company,
        period=Period.month(2008, 3),
        as_of=datetime(2008, 6, 1, tzinfo=UTC),
        runner=engine,
        by=["campaign"],
    )
    assert {(v.dimensions["campaign"], v.numerator, v.denominator) for v in values} == set(expected)
    assert all(v.value is not None and 0.1 < float(v.value) < 0.25 for v in values)


@pytest.fixture(scope="module")
def grocer_rows(real_data: Path) -> duckdb.DuckDBPyConnection:
    connection = raw_companies.connect(real_data / "completejourney")
    connection.sql(f"""CREATE TABLE products AS
        SELECT product_id, department FROM '{real_data / "completejourney" / "products.parquet"}'""")
    connection.sql("""CREATE TABLE lines AS
        SELECT household_id, basket_id, product_id, department, sales_value::DECIMAL(18, 4) AS value, quantity,
            min(transaction_timestamp) OVER (PARTITION BY basket_id) AS bought
        FROM raw.transactions JOIN products USING (product_id)""")
    connection.sql("""CREATE TABLE firsts AS
        SELECT household_id, department, min(bought) AS first_bought FROM lines GROUP BY ALL""")
    return connection


@pytest.fixture(scope="module")
def grocer(real_data: Path, grocer_rows: duckdb.DuckDBPyConnection, engine: DuckdbRunner) -> Snapshot:
    known = raw_companies.snapshot(real_data / "completejourney", engine)
    lines = grocer_rows.sql("""
        SELECT row_number() OVER ()::VARCHAR AS id, basket_id AS order_id, product_id, 1.0 AS quantity,
            value AS unit_price, timezone('UTC', bought) AS created_at
        FROM lines""").to_arrow_table()
    products = grocer_rows.sql("SELECT product_id AS id, department AS family FROM products").to_arrow_table()
    tables = {**known.tables, "order_lines": engine.from_arrow(lines), "products": engine.from_arrow(products)}
    settings = {"activity_window_days": 10_000}
    return Snapshot(tables, time_zone="UTC", currency="USD", settings=settings)


class TestGrocer:
    """Departments as families. Whoever bought before is a customer (an activity window of years)."""

    QUARTERS = Period(date(2017, 4, 1), date(2018, 1, 1))
    NOW = datetime(2018, 3, 1, tzinfo=UTC)

    def test_customers_who_bought_of_a_new_department(
        self, grocer: Snapshot, engine: DuckdbRunner, grocer_rows: duckdb.DuckDBPyConnection
    ) -> None:
        expected = grocer_rows.sql("""
            WITH quarters AS (
                SELECT quarter
                FROM generate_series(DATE '2017-04-01', DATE '2017-10-01', INTERVAL 3 MONTH) AS q(quarter)
            ), customers AS (
                SELECT quarter, household_id FROM quarters JOIN raw.transactions ON transaction_timestamp < quarter
                GROUP BY ALL
            ), fresh AS (
                SELECT quarter, f.household_id, f.department FROM quarters
                JOIN firsts f ON first_bought >= quarter AND first_bought < quarter + INTERVAL 3 MONTH
                SEMI JOIN customers c ON c.quarter = quarters.quarter AND c.household_id = f.household_id
            )
            SELECT c.quarter::DATE, count(DISTINCT c.household_id),
                (SELECT count(DISTINCT household_id) FROM fresh WHERE fresh.quarter = c.quarter),
                (SELECT sum(value) FROM lines JOIN fresh USING (household_id, department)
                 WHERE fresh.quarter = c.quarter AND bought >= c.quarter AND bought < c.quarter + INTERVAL 3 MONTH)
            FROM customers c GROUP BY c.quarter ORDER BY 1""").fetchall()
        metrics = ["cross_sell_ratio", "cross_sell_revenue"]
        values = measure(metrics, grocer, period=self.QUARTERS, as_of=self.NOW, runner=engine, grain="quarter")
        found = {(v.metric, v.period.start): v for v in values}
        assert len(expected) == 3
        for quarter, customers, sold, revenue in expected:
            ratio = found["cross_sell_ratio", quarter]
            assert (ratio.numerator, ratio.denominator) == (sold, customers)
            assert found["cross_sell_revenue", quarter].value == revenue

    def test_households_with_several_departments(
        self, grocer: Snapshot, engine: DuckdbRunner, grocer_rows: duckdb.DuckDBPyConnection
    ) -> None:
        expected = grocer_rows.sql("""
            SELECT count(*) FILTER (departments > 1), count(*) FROM (
                SELECT household_id, count(*) AS departments FROM firsts
                WHERE first_bought < DATE '2017-07-01' GROUP BY 1)""").fetchall()[0]
        june = Period.month(2017, 6)
        value = measure(["multi_family_share"], grocer, period=june, as_of=self.NOW, runner=engine)[0]
        several, all_of_them = expected
        assert (value.numerator, value.denominator) == (several, all_of_them)
        assert several < all_of_them

    def test_households_turned_to_before_they_had_bought(
        self, grocer: Snapshot, engine: DuckdbRunner, grocer_rows: duckdb.DuckDBPyConnection
    ) -> None:
        expected = grocer_rows.sql("""
            SELECT date_trunc('month', start_date)::DATE, count(DISTINCT household_id)
            FROM raw.members JOIN raw.campaigns USING (campaign_id)
            LEFT JOIN (SELECT household_id, min(transaction_timestamp) AS since FROM raw.transactions GROUP BY 1)
                USING (household_id)
            WHERE year(start_date) = 2017 AND NOT coalesce(since < start_date, false) GROUP BY 1""").fetchall()
        year = Period.year(2017)
        values = measure(["targeted_prospects"], grocer, period=year, as_of=self.NOW, runner=engine, grain="month")
        assert {(v.period.start, v.value) for v in values if v.value} == set(expected)
        assert len(expected) == 4  # the later campaigns went to households that had all bought


def test_leads_of_a_marketplace_against_the_month_before(real_data: Path, engine: DuckdbRunner) -> None:
    by_hand = raw_companies.connect(real_data / "olist")
    company = raw_companies.snapshot(real_data / "olist", engine)
    expected = dict(
        by_hand.sql("""
            SELECT month, leads / lag(leads) OVER (ORDER BY month) - 1 FROM (
                SELECT date_trunc('month', first_contact_date::DATE)::DATE AS month, count(*) AS leads
                FROM raw.leads GROUP BY 1)""").fetchall()
    )
    months = Period(date(2017, 8, 1), date(2018, 6, 1))
    as_of = datetime(2019, 1, 1, tzinfo=UTC)
    values = measure(["lead_velocity"], company, period=months, as_of=as_of, runner=engine, grain="month")
    assert len(values) == 10
    for value in values:
        assert value.value == pytest.approx(expected[value.period.start])
