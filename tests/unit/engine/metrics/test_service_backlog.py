"""The backlog's identity: what was there, and what was opened and re-opened, less what was solved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure
from tiny_company import Row, arrow_rows, utc

WEEKS = Period(date(2024, 3, 25), date(2024, 4, 8))  # the clock changes on 31 March
METRICS = ("backlog", "cases_opened", "case_reopenings", "case_solves")


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb


@st.composite
def lives(draw: st.DrawFn) -> list[list[int]]:
    """Of each case the hours of its turns: opened, solved, re-opened, solved ..."""
    hours = st.lists(st.integers(1, 400), min_size=1, max_size=6, unique=True)
    return [sorted(draw(hours)) for _ in range(draw(st.integers(1, 12)))]


def tables(cases: list[list[int]]) -> dict[str, list[Row]]:
    start = utc("2024-03-24")
    rows: list[Row] = []
    events: list[Row] = []
    for number, hours in enumerate(cases):
        at = [start + timedelta(hours=hour, minutes=number) for hour in hours]
        solves = at[1::2]
        rows.append({"id": f"k{number}", "opened_at": at[0], "solved_at": solves[-1] if solves else None})
        events += [{"case_id": f"k{number}", "type": "opened", "occurred_at": at[0]}]
        events += [{"case_id": f"k{number}", "type": "solved", "occurred_at": when} for when in solves]
        events += [{"case_id": f"k{number}", "type": "reopened", "occurred_at": when} for when in at[2::2]]
    noise: Row = {"id": "spam", "opened_at": start + timedelta(days=2), "is_spam": True}
    gone: Row = {"id": "gone", "opened_at": start + timedelta(days=2), "merged_into_id": "k0"}
    return {"cases": [*rows, noise, gone], "case_events": events}


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases=lives())
def test_each_day_is_the_day_before_and_what_came_less_what_went(engine: DuckdbRunner, cases: list[list[int]]) -> None:
    made = {name: engine.from_arrow(arrow_rows(name, rows)) for name, rows in tables(cases).items()}
    snapshot = Snapshot(made, time_zone="Europe/Stockholm", currency="EUR")
    found = measure(METRICS, snapshot, period=WEEKS, as_of=utc("2024-06-01"), runner=engine, grain="day")
    days = {metric: [int(str(v.value or 0)) for v in found if v.metric == metric] for metric in METRICS}
    before = WEEKS.instants("Europe/Stockholm")[0]
    start = utc("2024-03-24")
    standing = sum(
        1
        for number, hours in enumerate(cases)
        if sum(1 for hour in hours if start + timedelta(hours=hour, minutes=number) < before) % 2
    )
    for day, level in enumerate(days["backlog"]):
        came, back, went = (days[metric][day] for metric in METRICS[1:])
        assert level == standing + came + back - went, day
        standing = level
