"""A help desk's event log: hands on cases, re-openings, waits and promises against SQL by hand over the raw events."""

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
DONE = ("Resolved", "Closed")

_LOG = """CREATE TABLE log AS
    SELECT number, incident_state AS state, sys_updated_by AS author, made_sla = 'true' AS made_sla,
        strptime(sys_updated_at, '%d/%m/%Y %H:%M') AS changed_at, sys_mod_count::INT AS step,
        strptime(opened_at, '%d/%m/%Y %H:%M') AS opened,
        coalesce(try_strptime(resolved_at, '%d/%m/%Y %H:%M'), try_strptime(closed_at, '%d/%m/%Y %H:%M')) AS done
    FROM raw.events"""
_CHANGES = """CREATE TABLE changes AS
    SELECT *, lag(state) OVER steps AS former FROM log
    WINDOW steps AS (PARTITION BY number ORDER BY step)
    QUALIFY former IS NULL OR former != state"""
_LAST = """CREATE TABLE incidents AS
    SELECT * FROM log QUALIFY row_number() OVER (PARTITION BY number ORDER BY step DESC) = 1"""
_TABLES = {
    "cases": """SELECT number AS id, timezone('UTC', opened) AS opened_at, timezone('UTC', done) AS solved_at,
        state AS status FROM incidents""",
    "case_events": """SELECT number || '-' || step AS id, number AS case_id, author AS author_id,
        timezone('UTC', changed_at) AS occurred_at,
        CASE WHEN state IN ('Resolved', 'Closed') AND coalesce(former, '') NOT IN ('Resolved', 'Closed') THEN 'solved'
            WHEN former IN ('Resolved', 'Closed') AND state NOT IN ('Resolved', 'Closed') THEN 'reopened'
            ELSE 'status' END AS type
        FROM changes""",
    "users": "SELECT DISTINCT author AS id FROM log",
    "attribute_history": """SELECT number || '-' || step AS id, 'case' AS entity, number AS entity_id,
        'status' AS attribute, state AS value, timezone('UTC', changed_at) AS valid_from,
        timezone('UTC', changed_at) AS recorded_at FROM changes""",
    "sla_targets": """SELECT number AS id, number AS case_id, 'resolution' AS metric,
        timezone('UTC', opened) AS applied_at,
        CASE WHEN made_sla THEN timezone('UTC', done) END AS met_at,
        CASE WHEN NOT made_sla THEN timezone('UTC', done) END AS breached_at FROM incidents""",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    connection = raw_companies.connect(real_data / "uci_incident_log")
    for statement in (_LOG, _CHANGES, _LAST):
        connection.sql(statement)
    return connection


@pytest.fixture(scope="module")
def company(engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> Snapshot:
    tables = {name: engine.from_arrow(by_hand.sql(query).to_arrow_table()) for name, query in _TABLES.items()}
    return Snapshot(tables, time_zone="UTC", currency="EUR")


def test_cases_handled_each_month(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    expected = by_hand.sql("""SELECT date_trunc('month', changed_at)::DATE, count(DISTINCT number) FROM changes
        WHERE changed_at >= '2016-01-01' AND changed_at < '2017-01-01' GROUP BY 1 ORDER BY 1""").fetchall()
    values = measure(["cases_handled"], company, period=Period.year(2016), as_of=NOW, runner=engine, grain="month")
    assert [(v.period.start, v.value) for v in values if v.value] == expected
    assert expected[1][1] > 1_000


def test_backlog_solves_and_reopenings_each_week(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """Open at an instant: the last turn before it opened the case; of turns at one instant closing is the last."""
    by_hand.sql("""CREATE OR REPLACE TABLE turns AS
        SELECT number, least(opened, done) AS changed_at, true AS opens FROM incidents
        UNION ALL SELECT number, done, false FROM incidents WHERE done IS NOT NULL
        UNION ALL SELECT number, changed_at, false FROM changes
            WHERE state IN ('Resolved', 'Closed') AND coalesce(former, '') NOT IN ('Resolved', 'Closed')
        UNION ALL SELECT number, changed_at, true FROM changes
            WHERE former IN ('Resolved', 'Closed') AND state NOT IN ('Resolved', 'Closed')""")
    expected = by_hand.sql("""
        SELECT monday::DATE, count(*) FILTER (opens) FROM (
            SELECT monday, number, arg_max(opens, (changed_at, NOT opens)) AS opens
            FROM generate_series(DATE '2016-02-29', DATE '2016-06-20', INTERVAL 7 DAY) AS weeks(monday)
            JOIN turns ON changed_at < monday + INTERVAL 7 DAY GROUP BY ALL)
        GROUP BY 1 ORDER BY 1""").fetchall()
    metrics = ["backlog", "cases_opened", "case_solves", "case_reopenings"]
    values = measure(metrics, company, period=SPRING, as_of=NOW, runner=engine, grain="week")
    by_metric = {m: [int(str(v.value or 0)) for v in values if v.metric == m] for m in metrics}
    assert by_metric["backlog"] == [number for _, number in expected]
    assert sum(by_metric["case_reopenings"]) > 20
    odd = by_hand.sql("SELECT count(*) FROM incidents WHERE done < opened").fetchall()[0][0]
    assert odd == 0
    before = 0
    for level, came, went, back in zip(*(by_metric[m] for m in metrics), strict=True):
        assert level == before + came + back - went
        before = level


def test_hours_without_waiting_for_the_user(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """States in a row of changes, each until the next one; of steps at one instant the last one holds."""
    cases, hours, waited = by_hand.sql("""
        WITH held AS (
            SELECT number, state, changed_at FROM changes
            QUALIFY row_number() OVER (PARTITION BY number, changed_at ORDER BY step DESC) = 1),
        spans AS (
            SELECT *, lead(changed_at) OVER (PARTITION BY number ORDER BY changed_at) AS until FROM held),
        waits AS (
            SELECT number, sum(greatest(0, epoch(
                least(coalesce(spans.until, done), done) - greatest(spans.changed_at, opened)))) / 3600 AS h
            FROM spans JOIN incidents USING (number) WHERE spans.state = 'Awaiting User Info' GROUP BY 1),
        reopened AS (
            SELECT number FROM changes
            WHERE former IN ('Resolved', 'Closed') AND state NOT IN ('Resolved', 'Closed') AND changed_at > done)
        SELECT count(*), avg(epoch(done - opened) / 3600 - coalesce(h, 0)), avg(coalesce(h, 0))
        FROM incidents LEFT JOIN waits USING (number)
        WHERE year(done) = 2016 AND number NOT IN (FROM reopened)
        """).fetchall()[0]
    net, wait = measure(
        ["avg_time_to_resolution_without_wait", "requester_wait_time"],
        company,
        period=Period.year(2016),
        as_of=NOW,
        runner=engine,
    )
    assert net.n == cases > 5_000
    assert net.value == pytest.approx(hours)
    assert wait.value == pytest.approx(waited)
    assert waited > 5


def test_promises_kept_each_month(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    expected = by_hand.sql("""SELECT date_trunc('month', done)::DATE, count(*) FILTER (made_sla), count(*)
        FROM incidents WHERE year(done) = 2016 GROUP BY 1 ORDER BY 1""").fetchall()
    metrics = ["sla_compliance", "sla_compliance_cases"]
    values = measure(metrics, company, period=Period.year(2016), as_of=NOW, runner=engine, grain="month")
    for metric in metrics:
        found = [(v.period.start, v.numerator, v.denominator) for v in values if v.metric == metric and v.n]
        assert found == expected
    assert sum(row[2] for row in expected) > 5_000
