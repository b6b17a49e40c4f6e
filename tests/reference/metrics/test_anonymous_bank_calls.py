"""A bank's 17,456 calls of two weeks of February 1999: call metrics against SQL by hand over the raw file."""

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
from tiny_company import arrow_rows

NOW = datetime(1999, 2, 15, 12, tzinfo=UTC)
TWO_WEEKS = Period(date(1999, 2, 1), date(1999, 2, 15))
ZONE = "Asia/Jerusalem"


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def by_hand(real_data: Path) -> duckdb.DuckDBPyConnection:
    """`calls`: each call with its local start (when it left the menu), as numbers."""
    connection = raw_companies.connect(real_data / "anonymous_bank_calls")
    connection.sql("""CREATE TABLE calls AS
        SELECT row_number() OVER () AS number, type, outcome, nullif(server, 'NO_SERVER') AS server,
            strptime('19' || date || ' ' || vru_exit, '%Y%m%d %H:%M:%S') AS came,
            q_time::INT AS waited, ser_time::INT AS talked
        FROM raw.calls""")
    return connection


@pytest.fixture(scope="module")
def company(engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> Snapshot:
    """Open from Sunday to Friday."""
    calls = by_hand.sql(f"""SELECT number::VARCHAR AS id, 'call' AS type, 'inbound' AS direction, type AS queue,
            timezone('{ZONE}', came) AS occurred_at, waited::DOUBLE AS wait_s, talked::DOUBLE AS duration_s,
            CASE outcome WHEN 'AGENT' THEN 'answered' ELSE lower(outcome) END AS outcome, server AS owner_id
        FROM calls""").to_arrow_table()
    week = [
        {
            "name": "bank",
            "time_zone": ZONE,
            "weekday": day,
            "opens": "07:00",
            "closes": "24:00" if day != 5 else "14:00",
        }
        for day in (7, 1, 2, 3, 4, 5)
    ]
    tables = {
        "interactions": engine.from_arrow(calls),
        "business_calendars": engine.from_arrow(arrow_rows("business_calendars", week)),
    }
    return Snapshot(tables, time_zone=ZONE, currency="ILS")


def values(company: Snapshot, engine: DuckdbRunner, *metrics: str, by: str | None = None) -> list[MetricValue]:
    return measure(list(metrics), company, period=TWO_WEEKS, as_of=NOW, runner=engine, by=[by] if by else [])


def test_who_gave_up_waiting_by_queue(
    company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection
) -> None:
    """Calls of the day before at midnight, and phantoms, are not offered; those left within 10 seconds are left out."""
    expected = by_hand.sql("""
        SELECT type, count(*) FILTER (outcome = 'HANG' AND waited >= 10),
            count(*) FILTER (outcome = 'AGENT' OR (outcome = 'HANG' AND waited >= 10)),
            count(*) FILTER (outcome = 'HANG'), count(*) FILTER (outcome != 'PHANTOM')
        FROM calls WHERE came >= '1999-02-01' AND came < '1999-02-15' GROUP BY 1 ORDER BY 1""").fetchall()
    assert len(expected) == 6
    assert sum(row[1] for row in expected) > 1_000
    metrics = ("call_abandonment_rate", "call_abandonment_rate_all", "calls_abandoned")
    found = {(v.metric, v.dimensions["queue"]): v for v in values(company, engine, *metrics, by="queue")}
    for queue, left, offered, left_all, offered_all in expected:
        rate, every = found["call_abandonment_rate", queue], found["call_abandonment_rate_all", queue]
        assert (rate.numerator, rate.denominator) == (left, offered)
        assert (every.numerator, every.denominator) == (left_all, offered_all)
        assert found["calls_abandoned", queue].value == left


def test_by_hour_of_the_local_day(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    expected = by_hand.sql("""
        SELECT lpad(hour(came)::VARCHAR, 2, '0'), count(*) FILTER (outcome = 'HANG') / count(*)
        FROM calls WHERE outcome != 'PHANTOM' AND came >= '1999-02-01' AND came < '1999-02-15'
        GROUP BY 1 ORDER BY 1""").fetchall()
    found = {v.dimensions["hour"]: v.value for v in values(company, engine, "call_abandonment_rate_all", by="hour")}
    assert {hour: share for hour, share in found.items() if share is not None} == pytest.approx(dict(expected))
    assert len(expected) > 15


def test_calls_per_day(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    """Two weeks with two Saturdays: 12 working days."""
    answered, offered, agent_days = by_hand.sql("""
        SELECT count(*) FILTER (outcome = 'AGENT'), count(*) FILTER (outcome != 'PHANTOM'),
            count(DISTINCT (server, came::DATE)) FILTER (outcome = 'AGENT' AND server IS NOT NULL)
        FROM calls WHERE came >= '1999-02-01' AND came < '1999-02-15'""").fetchall()[0]
    per = ("service_calls_per_day", "service_calls_per_calendar_day", "service_calls_offered_per_day")
    found = values(company, engine, *per, "service_calls_per_agent_day")
    assert [(v.numerator, v.denominator) for v in found] == [
        (answered, 12),
        (answered, 14),
        (offered, 12),
        (answered, agent_days),
    ]
    assert answered > 14_000


def test_talk_time_by_agent(company: Snapshot, engine: DuckdbRunner, by_hand: duckdb.DuckDBPyConnection) -> None:
    """By the end of the call; work after it is not told, so that the handle time is unknown."""
    expected = by_hand.sql("""
        SELECT server, avg(talked), count(*) FROM calls
        WHERE outcome = 'AGENT' AND talked >= 0 AND came + to_seconds(talked) < '1999-02-15'
        GROUP BY 1""").fetchall()
    found = values(company, engine, "average_handle_time_without_acw", by="agent")
    means = {v.dimensions["agent"]: v.value for v in found}
    assert means == pytest.approx({server: mean for server, mean, _ in expected})
    assert {v.dimensions["agent"]: v.denominator for v in found} == {server: number for server, _, number in expected}
    unknown = values(company, engine, "average_handle_time")[0]
    assert (unknown.value, "after_call_s" in str(unknown.reason)) == (None, True)
