"""What must hold for every metric, whatever the data."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, Additivity, MetricValue, Period, Unit, measure
from rapport.engine.metrics.spec import MetricSpec
from tiny_company import Row, arrow_rows, drawn_tables, utc, with_history

NOW = utc("2025-03-01")
YEAR = Period.year(2024)
ADDITIVE = [spec.id for spec in METRICS.values() if spec.additivity is Additivity.ADDITIVE]
SOME = st.lists(st.sampled_from(sorted(METRICS)), min_size=40, max_size=40, unique=True)
"""Metrics to look at; all of them take minutes."""
FEW = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb


def snapshot_of(tables: dict[str, list[Row]], engine: DuckdbRunner) -> Snapshot:
    made = {name: engine.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()}
    return Snapshot(made, time_zone="Europe/Stockholm", currency="EUR")


def year_of(
    metrics: list[str], snapshot: Snapshot, engine: DuckdbRunner, grain: str | None = None
) -> list[MetricValue]:
    return measure(metrics, snapshot, period=YEAR, as_of=NOW, runner=engine, grain=grain)


@pytest.mark.slow
@FEW
@given(seed=st.integers(0, 10_000), grain=st.sampled_from(["month", "week", "quarter"]))
def test_parts_of_an_additive_metric_add_up_to_the_year(engine: DuckdbRunner, seed: int, grain: str) -> None:
    tables = with_history(drawn_tables(seed), seed)
    tables["interactions"] = [{**row, "message_id": None} for row in tables["interactions"]]
    snapshot = snapshot_of(tables, engine)
    whole = {v.metric: v.value for v in year_of(ADDITIVE, snapshot, engine)}
    parts: dict[str, Decimal] = dict.fromkeys(ADDITIVE, Decimal(0))
    for value in year_of(ADDITIVE, snapshot, engine, grain):
        parts[value.metric] += Decimal(str(value.value or 0))
    assert sum(1 for value in whole.values() if value) > 15
    assert parts == {metric: Decimal(str(value or 0)) for metric, value in whole.items()}


@pytest.mark.slow
@FEW
@given(seed=st.integers(0, 10_000), metrics=SOME)
def test_the_order_of_rows_changes_nothing(engine: DuckdbRunner, seed: int, metrics: list[str]) -> None:
    tables = _with_ids(with_history(drawn_tables(seed), seed))
    shuffled = {name: random.Random(seed).sample(rows, len(rows)) for name, rows in tables.items()}
    before = year_of(metrics, snapshot_of(tables, engine), engine)
    after = year_of(metrics, snapshot_of(shuffled, engine), engine)
    assert [_rounded(v) for v in after] == [_rounded(v) for v in before]


@pytest.mark.slow
@FEW
@given(seed=st.integers(0, 10_000))
def test_shares_stay_between_0_and_1_and_lie_in_their_interval(engine: DuckdbRunner, seed: int) -> None:
    shares = [spec.id for spec in METRICS.values() if spec.unit is Unit.FRACTION]
    for value in year_of(shares, snapshot_of(drawn_tables(seed), engine), engine, "month"):
        assert value.value is None or 0 <= value.value <= 1
        if value.lower is not None and value.upper is not None and value.value is not None:
            assert value.lower <= value.value <= value.upper


@FEW
@given(days=st.integers(1, 300))
def test_moving_an_event_by_a_day_moves_exactly_one_period(engine: DuckdbRunner, days: int) -> None:
    """Also over both clock changes of the year."""
    day = date(2024, 1, 1) + timedelta(days=days)
    period = Period(day, day + timedelta(days=2))
    noon = utc(day.isoformat()) + timedelta(hours=12)

    def counts(at: object) -> list[object]:
        rows = [{"ordered_at": at, "contact_id": "p", "amount": 1}]
        told = [{"created_at": "2025-02-01", "email": "z@example.com"}, {"created_at": "2023-01-01"}]
        frame = [{"ordered_at": "2023-01-01", "contact_id": "q", "amount": 1}]
        snapshot = snapshot_of({"orders": frame + rows, "contacts": told}, engine)
        values = measure(["orders"], snapshot, period=period, as_of=NOW, runner=engine, grain="day")
        return [v.value for v in values]

    assert counts(noon) == [1, 0]
    assert counts(noon + timedelta(days=1)) == [0, 1]


@pytest.mark.slow
@FEW
@given(seed=st.integers(0, 10_000), grain=st.sampled_from(["month", "week"]))
def test_the_backlog_is_that_of_before_and_what_came_and_went(engine: DuckdbRunner, seed: int, grain: str) -> None:
    tables = drawn_tables(seed)
    opened = {case["id"]: case["opened_at"] for case in tables["cases"]}
    # what happens to a case happens after it was opened
    tables["case_events"] = [e for e in tables["case_events"] if _instant(e["occurred_at"]) >= opened[e["case_id"]]]
    metrics = ["backlog", "cases_opened", "case_reopenings", "case_solves"]
    values = year_of(metrics, snapshot_of(tables, engine), engine, grain)
    told = {m: [float(v.value or 0) for v in values if v.metric == m] for m in metrics}
    before = 0.0
    for level, came, back, went in zip(*(told[m] for m in metrics), strict=True):
        assert level == before + came + back - went
        before = level
    assert max(told["backlog"]) > 5


@pytest.mark.slow
@FEW
@given(seed=st.integers(0, 10_000), two=st.lists(st.integers(0, 29), min_size=2, max_size=2, unique=True))
def test_merging_two_people_never_raises_a_distinct_count(engine: DuckdbRunner, seed: int, two: list[int]) -> None:
    """Of people and customers. Of mails it may: an answer of one to a mail to the other is then an answer to it."""
    counts = [
        m
        for m, s in METRICS.items()
        if isinstance(s, MetricSpec)
        and s.figure.aggregates[0].operation == "distinct"
        and s.figure.aggregates[0].column in ("contact_id", "customer_id")
    ]
    tables = drawn_tables(seed)
    link = {"entity": "contact", "from_id": f"p{two[0]}", "to_id": f"p{two[1]}", "kind": "merge"}
    merged = {**tables, "identity_links": [{**link, "recorded_at": "2025-01-15"}]}
    before = {v.metric: v.value or 0 for v in year_of(counts, snapshot_of(tables, engine), engine)}
    assert len(counts) > 5
    for value in year_of(counts, snapshot_of(merged, engine), engine):
        if METRICS[value.metric].unit is Unit.COUNT:
            assert (value.value or 0) <= before[value.metric], value.metric


@pytest.mark.slow
@FEW
@given(seed=st.integers(0, 10_000))
def test_what_stays_of_recurring_revenue_is_never_more_than_there_was(engine: DuckdbRunner, seed: int) -> None:
    tables = with_history(drawn_tables(seed), seed)
    for value in year_of(["grr"], snapshot_of(tables, engine), engine, "month"):
        assert value.value is None or 0 <= value.value <= 1


@pytest.mark.slow
@FEW
@given(seed=st.integers(0, 10_000))
def test_campaigns_and_the_rest_add_up_to_all_that_was_sold(engine: DuckdbRunner, seed: int) -> None:
    company = snapshot_of(with_history(drawn_tables(seed), seed), engine)
    metrics = ["campaign_revenue", "campaign_purchases", "campaign_revenue_primary"]
    sums: dict[str, Decimal] = dict.fromkeys(metrics, Decimal(0))
    for value in measure(metrics, company, period=YEAR, as_of=NOW, runner=engine, by=["campaign"]):
        sums[value.metric] += Decimal(str(value.value or 0))
    whole = year_of(metrics, company, engine)
    assert sums == {v.metric: Decimal(str(v.denominator)) for v in whole}


def _instant(told: object) -> datetime:
    return utc(told) if isinstance(told, str) else cast("datetime", told)


def _with_ids(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    return {name: [{"id": f"{name}{i}", **row} for i, row in enumerate(rows)] for name, rows in tables.items()}


def _rounded(value: MetricValue) -> tuple[object, ...]:
    number = None if value.value is None else round(float(value.value), 9)
    return (value.metric, number, value.n, value.n_missing_amount, value.n_unconverted, value.n_assumed, value.flags)
