"""The pipeline weighed by a model, what was added to it, and whether it covers the goal."""

from __future__ import annotations

from datetime import date

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Only, Period, measure
from tiny_company import Company, Row, changed, utc

NOW = utc("2024-12-31")
MARCH = Period.month(2024, 3)
DOCUMENT = "name: win\nsubject: deal\nkind: conversion\noutcome: {event: deal_won, within_days: 90}\n"


def deal(name: str, **columns: object) -> Row:
    return {"id": name, "created_at": "2024-01-01", "status": "open", **columns}


def chance(name: str, as_of: str, value: float, **columns: object) -> Row:
    told = {"score": "win", "subject": "deal", "subject_id": name, "as_of": as_of, "computed_at": as_of}
    return {**told, "value": value, **columns}


def numbers(values: list[MetricValue]) -> list[float | None]:
    return [None if v.value is None else float(v.value) for v in values]


class TestWeightedPipeline:
    WEIGHED = ("weighted_pipeline", "weighted_pipeline_stage")

    def test_a_published_model_goes_before_the_stage_and_is_read_as_of_the_day(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """d1 was at 20 % in February, at 60 % since 10 March; d2 was never scored and keeps its stage's 50 %."""
        deals = [deal("d1", amount=1_000, probability=0.1), deal("d2", amount=100, probability=0.5)]
        values = [
            chance("d1", "2024-02-01", 20),
            chance("d1", "2024-03-10", 60),
            chance("d1", "2024-03-05", 99, subject="contact"),
            chance("d1", "2024-03-20", 99, score="draft"),
        ]
        definitions = [
            {"name": "win", "document": DOCUMENT, "published_at": "2024-01-15", "created_at": "2024-01-10"},
            {"name": "draft", "document": DOCUMENT, "created_at": "2024-01-10"},
        ]
        snapshot = company(deals=deals, score_values=values, score_definitions=definitions)
        months = Period(date(2024, 1, 1), date(2024, 4, 1))
        found = measure(self.WEIGHED, snapshot, period=months, as_of=NOW, runner=runner, grain="month")
        assert numbers(found) == [150, 250, 650, 150, 150, 150]

    def test_without_a_published_model_it_is_that_of_the_stage(self, company: Company, runner: DuckdbRunner) -> None:
        deals = [deal("d1", amount=1_000, probability=0.1), deal("d2", amount=100, probability=7)]
        snapshot = company(deals=deals, score_values=[chance("d1", "2024-02-01", 90)])
        assert numbers(measure(self.WEIGHED, snapshot, period=MARCH, as_of=NOW, runner=runner)) == [100, 100]
        named = company(deals=deals, score_values=[chance("d1", "2024-02-01", 90)], settings={"win_score": "win"})
        assert numbers(measure(self.WEIGHED, named, period=MARCH, as_of=NOW, runner=runner)) == [900, 100]

    def test_without_any_chance_it_is_unknown_and_not_0(self, company: Company, runner: DuckdbRunner) -> None:
        value = measure(
            ["weighted_pipeline"], company(deals=[deal("d1", amount=1_000)]), period=MARCH, as_of=NOW, runner=runner
        )[0]
        assert value.value is None
        assert value.reason == "None of 1 open deals has a probability of winning."


def test_pipeline_created_counts_amounts_as_known_now_and_leaves_omitted_ones_out(
    company: Company, runner: DuckdbRunner
) -> None:
    """Made on 5 March without amount; told on 20 April, dated back to 6 March."""
    history = [
        {**changed("deal", "d1", "amount", 800, "2024-03-06"), "recorded_at": "2024-04-20"},
        changed("deal", "d2", "forecast_category", "omitted", "2024-03-05"),
        changed("deal", "d2", "amount", 50, "2024-03-05"),
        changed("deal", "d3", "amount", 30, "2024-03-05"),
    ]
    deals = [{**deal(name), "created_at": "2024-03-05"} for name in ("d1", "d2", "d3")]
    snapshot = company(deals=deals, attribute_history=history)
    then = measure(["pipeline_created"], snapshot, period=MARCH, as_of=utc("2024-04-02"), runner=runner)[0]
    assert (float(then.value or 0), then.n_missing_amount) == (30.0, 1)
    now = measure(["pipeline_created"], snapshot, period=MARCH, as_of=NOW, runner=runner)[0]
    assert (float(now.value or 0), now.n_missing_amount) == (830.0, 0)


class TestPipelineCoverage:
    QUARTER = {"metric": "bookings", "starts_at": "2024-01-01", "due_at": "2024-04-01", "created_at": "2024-01-01"}
    DEALS = (
        deal("won", status="won", closed_at="2024-02-10", amount=400, owner_id="u1"),
        deal("later", status="won", closed_at="2024-03-20", amount=100, owner_id="u1"),
        deal("due", amount=900, expected_close_date=date(2024, 3, 31), owner_id="u1"),
        deal("next", amount=5_000, expected_close_date=date(2024, 4, 1), owner_id="u1"),
        deal("small", amount=300, expected_close_date=date(2024, 3, 1), owner_id="u2"),
        deal("out", amount=70, expected_close_date=date(2024, 3, 1), forecast_category="omitted"),
        deal("none", expected_close_date=date(2024, 3, 1)),
    )

    def test_open_pipeline_of_the_goals_time_over_what_is_still_to_be_won(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """End of February: target 1,000, won 400, open 900 + 300 (the deal won in March has no date of its own)."""
        snapshot = company(deals=self.DEALS, goals=[{**self.QUARTER, "target": 1_000.0}])
        february = Period.month(2024, 2)
        metrics = ["pipeline_coverage", "pipeline_coverage_target"]
        gap, full = measure(metrics, snapshot, period=february, as_of=NOW, runner=runner)
        assert (float(gap.numerator or 0), float(gap.denominator or 0)) == (1_200, 600)
        assert (gap.value, full.value, gap.n_missing_amount) == (2.0, 1.2, 1)

    def test_a_met_target_has_no_gap_and_no_goal_has_no_coverage(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(deals=self.DEALS, goals=[{**self.QUARTER, "target": 400.0}])
        months = Period(date(2024, 2, 1), date(2024, 5, 1))
        values = measure(["pipeline_coverage"], snapshot, period=months, as_of=NOW, runner=runner, grain="month")
        assert [v.value for v in values] == [None, None, None]
        assert values[0].reason == "The target is met: there is no gap to cover."
        # at the end of March the goal is over
        assert values[1].reason == values[2].reason == "No goal for bookings holds at the end of this period."

    def test_owners_by_their_own_goals_and_the_shortest_goal_counts(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        year = {**self.QUARTER, "due_at": "2025-01-01", "target": 90_000.0}
        goals = [
            year,
            {**self.QUARTER, "target": 1_000.0},
            {**self.QUARTER, "target": 700.0, "filters": '{"owner": ["u1"]}'},
            {**self.QUARTER, "target": 600.0, "filters": '{"owner": "u2"}'},
            {**self.QUARTER, "target": 5.0, "filters": '{"industry": ["food"]}'},
            {**self.QUARTER, "target": 5.0, "metric": "leads"},
        ]
        snapshot = company(deals=self.DEALS, goals=goals)
        february = Period.month(2024, 2)

        def asked(**how: object) -> list[MetricValue]:
            return measure(["pipeline_coverage"], snapshot, period=february, as_of=NOW, runner=runner, **how)  # type: ignore[arg-type]

        assert [v.value for v in asked()] == [2.0]
        assert {v.dimensions["owner"]: v.value for v in asked(by=["owner"])} == {"u1": 3.0, "u2": 0.5}
        assert [v.value for v in asked(filters=[Only("owner", ("u1",))])] == [3.0]

    def test_without_a_goal_for_all_those_of_the_owners_are_added_up(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        goals = [
            {**self.QUARTER, "target": 700.0, "filters": '{"owner": ["u1"]}'},
            {**self.QUARTER, "target": 600.0, "filters": '{"owner": ["u2"]}'},
        ]
        snapshot = company(deals=self.DEALS, goals=goals)
        value = measure(["pipeline_coverage"], snapshot, period=Period.month(2024, 2), as_of=NOW, runner=runner)[0]
        assert (float(value.numerator or 0), float(value.denominator or 0)) == (1_200, 900)


def test_the_pipeline_by_the_month_in_which_it_should_close(company: Company, runner: DuckdbRunner) -> None:
    deals = [
        deal("d1", amount=10, expected_close_date=date(2024, 3, 31), forecast_category="commit"),
        deal("d2", amount=5, expected_close_date=date(2024, 4, 1)),
        deal("d3", amount=1),
    ]
    snapshot = company(deals=deals)
    by_month = measure(["pipeline_value"], snapshot, period=MARCH, as_of=NOW, runner=runner, by=["close_month"])
    assert {v.dimensions["close_month"]: float(v.value or 0) for v in by_month} == {
        "2024-03": 10,
        "2024-04": 5,
        None: 1,
    }
    by = measure(["pipeline_value"], snapshot, period=MARCH, as_of=NOW, runner=runner, by=["forecast_category"])
    assert {v.dimensions["forecast_category"]: float(v.value or 0) for v in by} == {"commit": 10, None: 6}
