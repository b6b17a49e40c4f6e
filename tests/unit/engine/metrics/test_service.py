"""Traps of service metrics: re-openings, spam, the newest answer of a person."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from tiny_company import Company, changed, drawn_tables, utc

NOW = utc("2025-01-31")
YEAR = Period.year(2024)
WEEK = Period(date(2024, 3, 4), date(2024, 3, 11))


def value_of(metric: str, snapshot: Snapshot, runner: DuckdbRunner, period: Period = YEAR) -> MetricValue:
    return measure([metric], snapshot, period=period, as_of=NOW, runner=runner)[0]


def daily(metric: str, snapshot: Snapshot, runner: DuckdbRunner, period: Period = WEEK) -> list[object]:
    return [v.value for v in measure([metric], snapshot, period=period, as_of=NOW, runner=runner, grain="day")]


class TestBacklog:
    CASES = (
        {"id": "k1", "opened_at": "2024-03-04 10:00", "solved_at": "2024-03-08 10:00"},
        {"id": "k2", "opened_at": "2024-03-05 10:00"},
        {"id": "k3", "opened_at": "2024-03-05 10:00", "is_spam": True},
        {"id": "k4", "opened_at": "2024-03-05 10:00", "merged_into_id": "k2"},
        {"id": "k5", "opened_at": "2024-03-06 10:00", "closed_at": "2024-03-07 10:00"},
        {"id": "k6", "opened_at": "2024-03-10 23:00"},
    )

    def test_it_is_counted_at_the_end_of_each_day(self, company: Company, runner: DuckdbRunner) -> None:
        assert daily("backlog", company(cases=self.CASES), runner) == [1, 2, 3, 2, 1, 1, 2]

    def test_a_reopened_case_stands_again_by_its_events(self, company: Company, runner: DuckdbRunner) -> None:
        events = [
            {"case_id": "k1", "type": t, "occurred_at": day}
            for t, day in (
                ("solved", "2024-03-05 09:00"),
                ("reopened", "2024-03-07 09:00"),
                ("solved", "2024-03-08 10:00"),
            )
        ]
        snapshot = company(cases=self.CASES[:1] + self.CASES[-1:], case_events=events)
        assert daily("backlog", snapshot, runner) == [1, 0, 0, 1, 0, 0, 1]
        assert value_of("reopen_rate", snapshot, runner).value == 1.0

    def test_a_reopened_case_stands_again_by_its_history(self, company: Company, runner: DuckdbRunner) -> None:
        history = [
            changed("case", "k1", "solved_at", "2024-03-05T09:00:00.000000+00:00", "2024-03-05"),
            changed("case", "k1", "solved_at", None, "2024-03-07"),
            changed("case", "k1", "solved_at", "2024-03-08T10:00:00.000000+00:00", "2024-03-08"),
        ]
        snapshot = company(cases=self.CASES[:1] + self.CASES[-1:], attribute_history=history)
        assert daily("backlog", snapshot, runner) == [1, 0, 0, 1, 0, 0, 1]

    def test_today_is_yesterday_and_what_was_opened_and_reopened_less_what_was_solved(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """Over a drawn year in which no case is re-opened: backlog(t) = backlog(t-1) + opened - solved."""
        cases = drawn_tables(3)["cases"]
        snapshot = company(cases=cases, time_zone="Europe/Stockholm")
        period = Period(date(2024, 1, 1), date(2025, 1, 1))
        waiting = [int(str(v or 0)) for v in daily("backlog", snapshot, runner, period)]
        opened = [int(str(v or 0)) for v in daily("cases_opened", snapshot, runner, period)]
        solved = [int(str(v or 0)) for v in daily("cases_solved", snapshot, runner, period)]
        assert max(waiting) > 5
        before = 0
        for day, (now, came, went) in enumerate(zip(waiting, opened, solved, strict=True)):
            assert now == before + came - went, day
            before = now


class TestTimeToResolution:
    def test_it_ends_with_the_last_solve_or_else_the_close(self, company: Company, runner: DuckdbRunner) -> None:
        cases = [
            {"opened_at": "2024-03-04 10:00", "solved_at": "2024-03-04 12:00"},
            {"opened_at": "2024-03-04 10:00", "closed_at": "2024-03-04 20:00", "type": "complaint"},
            {"opened_at": "2024-03-04 10:00"},
            {"opened_at": "2024-03-04 10:00", "solved_at": "2024-03-04 09:00"},
            {"opened_at": "2024-03-04 10:00", "solved_at": "2024-03-05 10:00", "is_spam": True},
        ]
        snapshot = company(cases=cases)
        value = value_of("avg_time_to_resolution", snapshot, runner)
        assert (value.value, value.n) == (6.0, 2)
        assert value_of("median_time_to_resolution", snapshot, runner).value == 6.0
        assert value_of("p90_time_to_resolution", snapshot, runner).value == pytest.approx(9.2)
        assert value_of("avg_complaint_resolution_time", snapshot, runner).value == 10.0

    def test_over_a_clock_change_hours_are_real_hours(self, company: Company, runner: DuckdbRunner) -> None:
        """Midnight to midnight in Stockholm on 31 March 2024 is 23 hours."""
        cases = [{"opened_at": "2024-03-30 23:00", "solved_at": "2024-03-31 22:00"}]
        value = value_of("avg_time_to_resolution", company(cases=cases, time_zone="Europe/Stockholm"), runner)
        assert value.value == 23.0


class TestSameDay:
    def test_the_local_day_decides_and_the_first_solve(self, company: Company, runner: DuckdbRunner) -> None:
        """k1: 23:30 to 00:30 in Stockholm is two days. k2: first solved the same day, re-opened and solved later."""
        cases = [
            {"id": "k1", "opened_at": "2024-03-04 22:30", "solved_at": "2024-03-04 23:30"},
            {"id": "k2", "opened_at": "2024-03-04 08:00", "solved_at": "2024-03-09 10:00"},
        ]
        events = [{"case_id": "k2", "type": "solved", "occurred_at": "2024-03-04 09:00"}]
        snapshot = company(cases=cases, case_events=events, time_zone="Europe/Stockholm")
        assert value_of("cases_closed_same_day", snapshot, runner).value == 0.5


class TestSurveys:
    def answers(self, *scores: tuple[str | None, float, str]) -> list[dict[str, object]]:
        return [
            {"kind": "nps", "survey": "spring", "contact_id": who, "score": score, "answered_at": day}
            for who, score, day in scores
        ]

    def test_the_newest_answer_of_a_person_counts(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            survey_answers=self.answers(
                ("p", 2, "2024-03-01"), ("p", 10, "2024-03-05"), (None, 8, "2024-03-05"), (None, 8, "2024-03-05")
            )
        )
        value = value_of("nps", snapshot, runner)
        assert (value.value, value.n) == (pytest.approx(100 / 3), 3)

    def test_answers_off_the_scale_are_none(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(survey_answers=self.answers(("p", 11, "2024-03-01"), ("q", 0, "2024-03-01")))
        assert (value_of("nps", snapshot, runner).value, value_of("nps", snapshot, runner).n) == (-100.0, 1)

    def test_surveys_of_two_kinds_in_one_number_are_flagged(self, company: Company, runner: DuckdbRunner) -> None:
        answers = self.answers(("p", 9, "2024-03-01"), ("q", 9, "2024-03-01"))
        answers[1]["survey"] = "after a case"
        snapshot = company(survey_answers=answers)
        assert "mixes 2 surveys" in value_of("nps", snapshot, runner).flags
        values = measure(["nps"], snapshot, period=YEAR, as_of=NOW, runner=runner, by=["survey"])
        assert all("mixes 2 surveys" not in v.flags for v in values)

    def test_fifty_thirty_twenty(self, company: Company, runner: DuckdbRunner) -> None:
        scores = [10] * 50 + [7] * 30 + [6] * 20
        answers = self.answers(*((f"p{i}", score, "2024-03-01") for i, score in enumerate(scores)))
        value = value_of("nps", company(survey_answers=answers), runner)
        assert value.value == 30.0
        assert (value.lower, value.upper) == (pytest.approx(14.69, abs=0.005), pytest.approx(45.31, abs=0.005))

    def test_satisfied_is_4_or_5_of_5_and_good_of_two(self, company: Company, runner: DuckdbRunner) -> None:
        scales = [(5, 1, s) for s in (5, 4, 3, 1)] + [(1, 0, 1), (1, 0, 0), (10, 1, 9), (7, 1, 7)]
        answers = [
            {
                "kind": "csat",
                "score": score,
                "scale_min": low,
                "scale_max": high,
                "contact_id": f"p{i}",
                "answered_at": "2024-03-01",
            }
            for i, (high, low, score) in enumerate(scales)
        ]
        value = value_of("csat", company(survey_answers=answers), runner)
        assert (value.numerator, value.denominator) == (3, 6)
