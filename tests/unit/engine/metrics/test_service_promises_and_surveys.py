"""Promises, dated by their decision; surveys, each on its scale; and intervals from outside."""

from __future__ import annotations

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.statistics.intervals import (
    net_promoter_adjusted_wald,
    net_promoter_bootstrap,
    net_promoter_wald,
    wilson,
)
from tiny_company import Company, Row, changed, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)


def values(
    snapshot: Snapshot, runner: DuckdbRunner, *metrics: str, period: Period = MARCH, by: str | None = None
) -> list[MetricValue]:
    return measure(list(metrics), snapshot, period=period, as_of=NOW, runner=runner, by=[by] if by else [])


class TestPromises:
    CASES = (
        *({"id": f"k{i}", "opened_at": "2024-03-01", "priority": "high"} for i in range(1, 7)),
        {"id": "spam", "opened_at": "2024-03-01", "is_spam": True},
    )

    def target(self, case: str, metric: str = "resolution", **more: object) -> Row:
        return {"case_id": case, "metric": metric, "applied_at": "2024-03-01", **more}

    def promises(self) -> list[Row]:
        """Kept; kept at the very deadline; met too late in April, due in March; past due and open; not yet due;
        only said to be broken; kept without a deadline; on spam.
        """
        return [
            self.target("k1", due_at="2024-03-05", met_at="2024-03-04"),
            self.target("k2", due_at="2024-03-05", met_at="2024-03-05"),
            self.target("k3", due_at="2024-03-31 23:00", met_at="2024-04-02"),
            self.target("k4", due_at="2024-03-10"),
            self.target("k4", "first_response", due_at="2024-03-02", met_at="2024-03-01 01:00"),
            self.target("k5", due_at="2024-07-01"),
            self.target("k6", breached_at="2024-03-20"),
            self.target("k6", "first_response", met_at="2024-03-21"),
            self.target("spam", due_at="2024-03-05", met_at="2024-03-04"),
        ]

    def test_a_breach_is_dated_at_the_deadline(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(cases=self.CASES, sla_targets=self.promises())
        value = values(snapshot, runner, "sla_compliance")[0]
        assert (value.numerator, value.denominator) == (4, 7)
        assert values(snapshot, runner, "sla_compliance", period=Period.month(2024, 4))[0].value is None
        by_metric = {v.dimensions["metric"]: v.value for v in values(snapshot, runner, "sla_compliance", by="metric")}
        assert by_metric == {"first_response": 1.0, "resolution": pytest.approx(2 / 5)}

    def test_by_case_one_breach_is_enough_and_by_opening_the_pending_make_it_immature(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        snapshot = company(cases=self.CASES, sla_targets=self.promises())
        by_case, cohort = values(snapshot, runner, "sla_compliance_cases", "sla_compliance_cohort")
        assert (by_case.numerator, by_case.denominator) == (2, 5)
        assert (cohort.numerator, cohort.denominator, cohort.maturity) == (4, 7, 7 / 8)

    def test_the_first_response_from_the_promise_on(self, company: Company, runner: DuckdbRunner) -> None:
        promises = [
            self.target(f"k{i}", "first_response", met_at=f"2024-03-01 0{hour}:00", due_at="2024-03-01 01:30")
            for i, hour in ((1, 1), (2, 2), (3, 9))
        ]
        snapshot = company(cases=self.CASES, sla_targets=[*promises, self.target("k4", met_at="2024-03-01 00:01")])
        value = values(snapshot, runner, "first_response_time_from_promise")[0]
        assert (value.value, value.n) == (120.0, 3)

    def test_the_priority_is_that_of_the_promise(self, company: Company, runner: DuckdbRunner) -> None:
        history = [
            changed("case", "k1", "priority", "low", "2024-03-01"),
            changed("case", "k1", "priority", "high", "2024-03-02"),
        ]
        snapshot = company(cases=self.CASES[:1], sla_targets=self.promises()[:1], attribute_history=history)
        assert values(snapshot, runner, "sla_compliance", by="priority")[0].dimensions == {"priority": "low"}


class TestSurveys:
    def answers(self, kind: str, low: int | None, high: int | None, *scores: float | None) -> list[Row]:
        return [
            {
                "kind": kind,
                "survey": f"{kind} {high}",
                "score": score,
                "scale_min": low,
                "scale_max": high,
                "contact_id": f"{kind}{high}{i}",
                "asked_at": "2024-03-01",
                "answered_at": "2024-03-02",
            }
            for i, score in enumerate(scores)
        ]

    def test_scales_are_never_mixed(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            survey_answers=[
                *self.answers("csat", 1, 5, 5, 4, 3, 1, 6),
                *self.answers("csat", 0, 1, 1, 0),
                *self.answers("csat", 1, 10, 10, 9, 8, 8),
                *self.answers("ces", 1, 7, 7, 5, 4, 2),
                *self.answers("ces", 1, 5, 5, 4, 3),
                *self.answers("ces", 1, 10, 10),
            ]
        )
        csat = ("csat", "csat_mean_score", "csat_ten_point")
        ces = ("ces", "ces_agree_share", "ces_five_point_agree_share")
        found = {v.metric: v for v in values(snapshot, runner, *csat, *ces)}
        assert {m: (v.value, v.n) for m, v in found.items()} == {
            "csat": (0.5, 6),
            "csat_mean_score": (3.25, 4),
            "csat_ten_point": (0.5, 4),
            "ces": (4.5, 4),
            "ces_agree_share": (0.5, 4),
            "ces_five_point_agree_share": (pytest.approx(2 / 3), 3),
        }
        assert "mixes 2 surveys" in found["csat"].flags
        assert not any("mixes" in flag for flag in found["ces"].flags)

    def test_the_newest_answer_about_one_matter_counts(self, company: Company, runner: DuckdbRunner) -> None:
        one, two, three = self.answers("ces", 1, 7, 1, 7, 4)
        rows = [
            {**one, "contact_id": "p", "case_id": "k1"},
            {**two, "contact_id": "p", "case_id": "k1", "answered_at": "2024-03-05"},
            {**three, "contact_id": "p", "case_id": "k2"},
        ]
        assert values(company(survey_answers=rows), runner, "ces")[0].value == 5.5

    def test_who_did_not_answer_must_be_known(self, company: Company, runner: DuckdbRunner) -> None:
        told = company(survey_answers=self.answers("csat", 1, 5, 5, None, None, 4, None))
        value = values(told, runner, "survey_response_rate")[0]
        assert (value.numerator, value.denominator) == (2, 5)
        mixed = [*self.answers("csat", 1, 5, 5, None), *self.answers("nps", 0, 10, 9, 9)]
        assert values(company(survey_answers=mixed), runner, "survey_response_rate")[0].denominator == 2
        untold = company(survey_answers=self.answers("csat", 1, 5, 5, 4))
        assert values(untold, runner, "survey_response_rate")[0].value is None

    @pytest.mark.parametrize(
        ("groups", "score", "width", "is_told"),
        [((50, 30, 20), 30.0, 15.31, False), ((5, 3, 2), 30.0, 42.13, True), ((100, 0, 0), 100.0, 4.0, True)],
        ids=["plenty", "few", "all alike"],
    )
    def test_the_interval_is_adjusted_where_answers_are_few_or_all_alike_and_says_so(
        self,
        company: Company,
        runner: DuckdbRunner,
        groups: tuple[int, int, int],
        score: float,
        width: float,
        is_told: bool,
    ) -> None:
        scores = [10] * groups[0] + [7] * groups[1] + [0] * groups[2]
        value = values(company(survey_answers=self.answers("nps", 0, 10, *scores)), runner, "nps")[0]
        assert value.lower is not None
        assert value.upper is not None
        assert value.value == score
        assert (value.upper - value.lower) / 2 == pytest.approx(width, abs=0.01)
        assert ("adjusted interval" in value.flags) == is_told


class TestIntervals:
    """Net promoter: CYBAEA's worked numbers, and Rocks' adjustment; Wilson: the equation of 1927."""

    @pytest.mark.parametrize(
        ("groups", "centre", "width"), [((50, 30, 20), 30.0, 15.31), ((5, 3, 2), 30.0, 48.41), ((10, 0, 0), 100.0, 0.0)]
    )
    def test_wald(self, groups: tuple[int, int, int], centre: float, width: float) -> None:
        interval = net_promoter_wald(*groups)
        assert interval is not None
        assert sum(interval) / 2 == pytest.approx(centre, abs=0.005)
        assert (interval[1] - interval[0]) / 2 == pytest.approx(width, abs=0.005)

    @pytest.mark.parametrize(("groups", "centre", "width"), [((5, 3, 2), 23.08, 42.13), ((10, 0, 0), 76.92, 29.42)])
    def test_adjusted_wald(self, groups: tuple[int, int, int], centre: float, width: float) -> None:
        low, high = net_promoter_adjusted_wald(*groups)
        assert (low + high) / 2 == pytest.approx(centre, abs=0.005)
        assert (high - low) / 2 == pytest.approx(width, abs=0.005)

    @pytest.mark.parametrize(("groups", "width"), [((50, 30, 20), 15.31), ((500, 300, 200), 4.84)])
    def test_the_bootstrap_agrees_with_wald_where_answers_are_many(
        self, groups: tuple[int, int, int], width: float
    ) -> None:
        low, high = net_promoter_bootstrap(*groups) or (0.0, 0.0)
        assert (low + high) / 2 == pytest.approx(30, abs=0.6)
        assert (high - low) / 2 == pytest.approx(width, abs=0.6)

    def test_wilson(self) -> None:
        interval = wilson(8, 10)
        assert interval is not None
        assert [round(bound, 4) for bound in interval] == [0.4902, 0.9433]
