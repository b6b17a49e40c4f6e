"""Stays in stages: totals of deals that come back, the age of those that go on, and the curve of both together."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure
from tiny_company import Company, Row, changed, utc

NOW = utc("2024-12-31")
YEAR = Period.year(2024)


def visit(deal: str, entered: str, left: str | None = None, stage: str = "offer") -> Row:
    return {"deal_id": deal, "stage": stage, "entered_at": entered, "left_at": left}


def deal(name: str, **columns: object) -> Row:
    return {"id": name, "created_at": "2024-01-01", "status": "open", **columns}


def test_visits_of_a_deal_add_up_and_count_when_the_last_one_ends(company: Company, runner: DuckdbRunner) -> None:
    """d1 was in the offer for 10 and for 20 days; d2 is there again and not done."""
    visits = [
        visit("d1", "2024-01-01", "2024-01-11"),
        visit("d1", "2024-03-01", "2024-03-21"),
        visit("d2", "2024-01-01", "2024-01-05"),
        visit("d2", "2024-06-01"),
        visit("d3", "2024-02-01", "2024-02-03", stage="talk"),
    ]
    snapshot = company(deals=[deal("d1"), deal("d2"), deal("d3")], deal_stage_visits=visits)
    values = measure(["stage_duration_total"], snapshot, period=YEAR, as_of=NOW, runner=runner, by=["stage"])
    assert {v.dimensions["stage"]: (v.value, v.n) for v in values} == {"offer": (30.0, 1), "talk": (2.0, 1)}
    per_visit = measure(["stage_duration"], snapshot, period=YEAR, as_of=NOW, runner=runner, by=["stage"])
    assert {v.dimensions["stage"]: v.value for v in per_visit} == {"offer": 10.0, "talk": 2.0}


class TestStageAge:
    def test_open_visits_age_until_the_end_of_each_month(self, company: Company, runner: DuckdbRunner) -> None:
        """d2 is closed on 15 February without leaving its stage, and a stage called won is no stay."""
        visits = [
            visit("d1", "2024-01-11"),
            visit("d2", "2024-01-22"),
            visit("d2", "2024-02-15", stage="won"),
            visit("d3", "2024-01-01", "2024-01-31"),
        ]
        deals = [deal("d1"), deal("d2", status="won", closed_at="2024-02-15"), deal("d3")]
        snapshot = company(deals=deals, deal_stage_visits=visits)
        months = Period(date(2024, 1, 1), date(2024, 4, 1))
        values = measure(["stage_age"], snapshot, period=months, as_of=NOW, runner=runner, grain="month")
        assert [(v.value, v.n) for v in values] == [(15.5, 2), (50.0, 1), (81.0, 1)]

    def test_from_the_history_of_the_stage_alone(self, company: Company, runner: DuckdbRunner) -> None:
        """Re-opened: back in talk on 1 April, after an offer."""
        history = [
            changed("deal", "d1", "stage", stage, day)
            for stage, day in (("talk", "2024-01-01"), ("offer", "2024-03-01"), ("talk", "2024-04-01"))
        ]
        snapshot = company(deals=[deal("d1")], attribute_history=history)
        april = Period.month(2024, 4)
        value = measure(["stage_age"], snapshot, period=april, as_of=NOW, runner=runner, by=["stage"])
        assert [(v.dimensions["stage"], v.value) for v in value] == [("talk", 30.0)]


class TestCurve:
    def test_half_are_over_by_the_product_limit_estimate(self, company: Company, runner: DuckdbRunner) -> None:
        """Lengths 5, 10+, 20, 30, 40+ (+ goes on): S(5) = 4/5, S(20) = 4/5 x 2/3, S(30) = 8/15 x 1/2 = 4/15."""
        end = date(2024, 12, 31)
        lengths = [(5, True), (10, False), (20, True), (30, True), (40, False)]
        visits = []
        for i, (days, over) in enumerate(lengths):
            entered = end - timedelta(days=days if not over else 100)
            left = (entered + timedelta(days=days)).isoformat() if over else None
            visits.append(visit(f"d{i}", entered.isoformat(), left))
        snapshot = company(deals=[deal(f"d{i}") for i in range(5)], deal_stage_visits=visits)
        value = measure(["stage_duration_survival"], snapshot, period=YEAR, as_of=NOW, runner=runner)[0]
        assert value.value == 30.0
        assert value.n == 5
        assert value.maturity == pytest.approx(3 / 5)
        assert "immature" in value.flags

    def test_without_half_of_them_over_there_is_no_median_and_it_says_so(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        visits = [visit("d1", "2024-11-01", "2024-11-05"), visit("d2", "2024-11-01"), visit("d3", "2024-11-01")]
        snapshot = company(deals=[deal("d1"), deal("d2"), deal("d3")], deal_stage_visits=visits)
        value = measure(["stage_duration_survival"], snapshot, period=YEAR, as_of=NOW, runner=runner)[0]
        assert value.value is None
        assert value.reason == "Fewer than half of 3 are over, by the curve."

    def test_as_counted_one_length_after_the_other(self, company: Company, runner: DuckdbRunner) -> None:
        """Drawn stays of two stages with ties, against the estimate written as a loop."""
        draw = random.Random(3)
        visits, lengths = [], {"offer": [], "talk": []}  # type: ignore[var-annotated]
        for i in range(80):
            stage, over, days = draw.choice(["offer", "talk"]), draw.random() < 0.7, draw.randrange(1, 30)
            entered = date(2024, 3, 1) if over else date(2024, 12, 31) - timedelta(days=days)
            left = (entered + timedelta(days=days)).isoformat() if over else None
            visits.append(visit(f"d{i}", entered.isoformat(), left, stage))
            lengths[stage].append((days, over))
        snapshot = company(deals=[deal(f"d{i}") for i in range(80)], deal_stage_visits=visits)
        values = measure(["stage_duration_survival"], snapshot, period=YEAR, as_of=NOW, runner=runner, by=["stage"])
        assert {v.dimensions["stage"]: v.value for v in values} == {s: half_over(all_) for s, all_ in lengths.items()}


def half_over(lengths: list[tuple[int, bool]]) -> float:
    left = 1.0
    for days in sorted({days for days, over in lengths if over}):
        lasting = sum(1 for length, _ in lengths if length >= days)
        left *= 1 - sum(1 for length, over in lengths if over and length == days) / lasting
        if left <= 0.5:
            return float(days)
    raise AssertionError("drawn so that half are over")
