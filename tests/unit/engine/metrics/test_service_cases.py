"""Traps of cases: who opened, who replied, who solved, what came back, what was merged away."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from tiny_company import Company, Row, changed, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)
USERS = [{"id": "u1"}, {"id": "u2"}]


def event(case: str, type_: str, at: str, author: str | None = None, **more: object) -> Row:
    return {"case_id": case, "type": type_, "occurred_at": f"2024-03-{at}", "author_id": author, **more}


def values(
    snapshot: Snapshot, runner: DuckdbRunner, *metrics: str, period: Period = MARCH, by: str | None = None
) -> list[MetricValue]:
    dimensions = [by] if by else []
    return measure(list(metrics), snapshot, period=period, as_of=NOW, runner=runner, by=dimensions)


class TestFirstResponse:
    def test_it_is_the_first_public_reply_of_a_human_agent(self, company: Company, runner: DuckdbRunner) -> None:
        """k1: a robot at once, a note, a reply after 30 minutes. k2: opened by an agent with a public message, the
        second one after 60. k3: opened by an agent in silence, the first reply after 10. k4: only its own column.
        k5: its column tells of the robot, its events of no human. k6: in spam.
        """
        opened: Row = {"opened_at": "2024-03-04 10:00", "contact_id": "p"}
        cases: list[Row] = [{"id": f"k{i}", **opened} for i in range(1, 5)]
        cases += [{"id": "k5", **opened, "first_response_at": "2024-03-04 10:00"}]
        cases += [{"id": "k6", **opened, "first_response_at": "2024-03-04 10:01", "is_spam": True}]
        cases[3] = {**cases[3], "first_response_at": "2024-03-04 12:00"}
        events = [
            event("k1", "opened", "04 10:00", "p"),
            event("k1", "reply_by_agent", "04 10:00", is_automatic=True),
            event("k1", "reply_by_agent", "04 10:10", "u1", is_public=False),
            event("k1", "reply_by_agent", "04 10:30", "u1", is_public=True),
            event("k2", "opened", "04 10:00", "u1", is_public=True),
            event("k2", "reply_by_agent", "04 10:00", "u1", is_public=True),
            event("k2", "reply_by_agent", "04 11:00", "u1", is_public=True),
            event("k3", "opened", "04 10:00", "u1", is_public=False),
            event("k3", "reply_by_agent", "04 10:10", "u1", is_public=True),
            event("k5", "reply_by_agent", "04 10:00", is_automatic=True),
        ]
        snapshot = company(cases=cases, case_events=events, users=USERS)
        median, mean, p90 = values(
            snapshot, runner, "first_response_time", "first_response_time_mean", "first_response_time_p90"
        )
        assert (median.value, median.n) == (45.0, 4)  # 10, 30, 60, 120
        assert mean.value == 55.0
        assert p90.value == pytest.approx(102.0)

    def test_inquiries_are_cases_that_no_agent_opened(self, company: Company, runner: DuckdbRunner) -> None:
        cases = [{"id": f"k{i}", "opened_at": "2024-03-04", "contact_id": "p"} for i in range(3)]
        events = [event("k0", "opened", "04 00:00", "u1"), event("k1", "opened", "04 00:00", "p")]
        snapshot = company(cases=cases, case_events=events)
        inbound, growth = values(snapshot, runner, "cases_from_customers", "cases_from_customers_growth")
        assert inbound.value == 2
        assert growth.value is None  # none in February to compare with


class TestHandled:
    def test_only_what_agents_do_counts_and_each_case_once(self, company: Company, runner: DuckdbRunner) -> None:
        """k3 was solved by its customer, k4 by a rule, k5 only assigned, k6 merged away, k7 has a note."""
        opened = {"opened_at": "2024-02-04", "contact_id": "p"}
        cases = [{"id": f"k{i}", **opened} for i in (1, 2, 3, 4, 5, 7)]
        cases += [{"id": "k6", **opened, "merged_into_id": "k1"}]
        events = [
            event("k1", "reply_by_agent", "04 10:00", "u1"),
            event("k1", "reply_by_agent", "05 10:00", "u2"),
            event("k2", "status", "05 10:00", "u1"),
            event("k3", "solved", "05 10:00", "p"),
            event("k4", "solved", "05 10:00", "u1", is_automatic=True),
            event("k5", "assigned", "05 10:00", "u1"),
            event("k6", "reply_by_agent", "05 10:00", "u1"),
            event("k7", "note", "05 10:00", "u1"),
        ]
        snapshot = company(cases=cases, case_events=events, users=USERS)
        handled, assigned = values(snapshot, runner, "cases_handled", "cases_assigned")
        assert (handled.value, assigned.value) == (2, 1)
        by_agent = {v.dimensions["agent"]: v.value for v in values(snapshot, runner, "cases_handled", by="agent")}
        assert (by_agent["u1"], by_agent["u2"]) == (2, 1)


class TestSolved:
    def test_a_case_reopened_since_is_not_solved(self, company: Company, runner: DuckdbRunner) -> None:
        cases = [{"id": f"k{i}", "opened_at": "2024-03-04", "solved_at": "2024-03-05"} for i in (1, 2)]
        events = [event("k1", "reopened", "06 10:00"), event("k2", "solved", "05 00:00")]
        snapshot = company(cases=cases, case_events=events)
        found = values(snapshot, runner, "cases_solved", "case_solves", "case_reopenings", "backlog")
        assert [v.value for v in found] == [1, 2, 1, 1]

    def test_the_first_solve_stays_and_the_last_one_moves(self, company: Company, runner: DuckdbRunner) -> None:
        """Solved after 2 hours, re-opened, solved again after 50; the same day by the first, in 24 hours too."""
        cases = [
            {"id": "k1", "opened_at": "2024-03-04 10:00", "solved_at": "2024-03-06 12:00"},
            {"id": "k2", "opened_at": "2024-03-04 22:00", "solved_at": "2024-03-05 10:00"},
        ]
        events = [event("k1", "solved", "04 12:00"), event("k1", "reopened", "05 12:00")]
        snapshot = company(cases=cases, case_events=events)
        metrics = ("first_resolution_time", "avg_time_to_resolution", "cases_closed_same_day")
        more = ("cases_closed_same_day_count", "cases_closed_within_24h", "cases_closed_same_day_per_closed")
        found = [v.value for v in values(snapshot, runner, *metrics, *more)]
        assert found == [7.0, 31.0, 0.5, 1, 1.0, 0.5]

    def test_the_day_of_a_case_of_today_is_not_over(self, company: Company, runner: DuckdbRunner) -> None:
        cases = [{"opened_at": "2024-05-31 23:00"}, {"opened_at": "2024-05-20", "solved_at": "2024-05-20 01:00"}]
        value = values(company(cases=cases), runner, "cases_closed_same_day", period=Period.month(2024, 5))[0]
        assert (value.value, value.maturity) == (0.5, 0.5)
        assert "immature" in value.flags

    def test_waiting_for_the_customer_is_taken_off(self, company: Company, runner: DuckdbRunner) -> None:
        """Of 48 hours 20 pending, and 4 before the solve in a status that is left after it: 24 hours of work."""
        cases = [{"id": "k1", "opened_at": "2024-03-04", "solved_at": "2024-03-06", "status": "solved"}]
        history = [
            changed("case", "k1", "status", "open", "2024-03-04"),
            changed("case", "k1", "status", "Pending", "2024-03-04 02:00"),
            changed("case", "k1", "status", "open", "2024-03-04 22:00"),
            changed("case", "k1", "status", "pending", "2024-03-05 20:00"),
            changed("case", "k1", "status", "solved", "2024-03-07"),
        ]
        snapshot = company(cases=cases, attribute_history=history)
        metrics = ("avg_time_to_resolution_without_wait", "requester_wait_time", "avg_time_to_resolution")
        assert [v.value for v in values(snapshot, runner, *metrics)] == [24.0, 24.0, 48.0]

    def test_a_complaint_is_what_it_was_when_solved(self, company: Company, runner: DuckdbRunner) -> None:
        """k1 became one, k2 ceased to be one before it was solved, k3 only afterwards. 23:30 UTC is the next day."""
        done = {"solved_at": "2024-03-06 12:00"}
        cases = [{"id": f"k{i}", "opened_at": "2024-03-03 23:30", "type": "question", **done} for i in (1, 2, 3)]
        history = [
            *(changed("case", k, "type", "question", "2024-03-03 23:30") for k in ("k1",)),
            *(changed("case", k, "type", "complaint", "2024-03-03 23:30") for k in ("k2", "k3")),
            changed("case", "k1", "type", "complaint", "2024-03-05"),
            changed("case", "k2", "type", "question", "2024-03-05"),
            changed("case", "k3", "type", "question", "2024-03-20"),
        ]
        snapshot = company(cases=cases, attribute_history=history, time_zone="Europe/Stockholm")
        days, mean = values(snapshot, runner, "complaint_resolution_days", "avg_complaint_resolution_time")
        assert (days.value, days.n) == (2.0, 2)
        assert mean.value == 60.5


class TestReplies:
    def test_a_chatting_customer_writes_once_per_turn(self, company: Company, runner: DuckdbRunner) -> None:
        """k1 by e-mail: opening, then two messages. k2 by chat: opening in two lines, then one turn of two lines.
        k3 has no events and is left out.
        """
        done = {"opened_at": "2024-03-04 10:00", "solved_at": "2024-03-04 20:00", "contact_id": "p"}
        cases = [
            {"id": "k1", "channel": "email", **done},
            {"id": "k2", "channel": "chat", **done},
            {"id": "k3", "channel": "email", **done},
        ]
        lines = {
            "k1": ("10:00 c", "11:00 c", "12:00 c", "12:01 auto", "13:00 a"),
            "k2": ("10:00 c", "10:01 c", "10:02 a", "10:03 c", "10:04 c", "10:05 a"),
        }
        events = []
        for case, told in lines.items():
            for line in told:
                at, who = line.split()
                type_ = "reply_by_agent" if who == "a" else "reply_by_customer"
                events.append(event(case, type_, f"04 {at}", is_automatic=who == "auto"))
        snapshot = company(cases=cases, case_events=events)
        replies, messages = values(snapshot, runner, "customer_replies", "customer_messages")
        assert (replies.numerator, replies.n) == (3, 2)
        assert messages.numerator == 7


class TestFirstContactResolution:
    def test_what_comes_back_within_a_week_was_not_resolved(self, company: Company, runner: DuckdbRunner) -> None:
        """k1 at once. k2 two replies. k3 re-opened on the 6th day, k4 on the 8th. k5: the customer comes with another
        topic, k6 with the same, k7 without one, k8 by phone. k9: solved by its customer, left out. k10: no reply.
        """
        topics = {"k5": "bill", "k6": "bill", "k7": "bill"}
        cases: list[Row] = [
            {
                "id": f"k{i}",
                "contact_id": f"p{i}",
                "opened_at": "2024-03-04",
                "solved_at": "2024-03-05",
                "topic": topics.get(f"k{i}", "login"),
            }
            for i in range(1, 11)
        ]
        later: Row = {"opened_at": "2024-03-08", "first_response_at": None}
        cases += [
            {"id": "n5", "contact_id": "p5", "topic": "login", **later},
            {"id": "n6", "contact_id": "p6", "topic": "bill", **later},
            {"id": "n7", "contact_id": "p7", "topic": None, **later},
            {"id": "n1", "contact_id": "p1", "topic": "login", "opened_at": "2024-03-13"},
        ]
        events = [event(f"k{i}", "reply_by_agent", "04 10:00", "u1") for i in range(1, 10)]
        events += [event(f"k{i}", "solved", "05 00:00", f"p{i}" if i == 9 else "u1") for i in range(1, 11)]
        events += [
            event("k2", "reply_by_agent", "04 11:00", "u1"),
            event("k10", "reply_by_customer", "04 10:00", "p10"),
        ]
        events += [event("k3", "reopened", "11 00:00"), event("k4", "reopened", "13 00:00")]
        calls = [
            {
                "type": "call",
                "direction": "inbound",
                "queue": "q",
                "contact_id": "p8",
                "occurred_at": "2024-03-06",
            }
        ]
        snapshot = company(cases=cases, case_events=events, users=USERS, interactions=calls)
        metrics = ("first_contact_resolution", "one_touch_resolution", "zero_reply_resolution")
        resolved, one, zero = values(snapshot, runner, *metrics)
        assert (resolved.numerator, resolved.denominator, resolved.maturity) == (4, 9, 1.0)  # k1, k4, k5, k10
        assert (one.numerator, zero.numerator) == (7, 1)

    def test_it_matures_after_a_week(self, company: Company, runner: DuckdbRunner) -> None:
        cases = [{"id": f"k{i}", "opened_at": "2024-05-01", "solved_at": f"2024-05-{d}"} for i, d in ((1, 20), (2, 28))]
        events = [event(f"k{i}", "reply_by_agent", "04 10:00") for i in (1, 2)]
        events = [{**e, "occurred_at": "2024-05-02"} for e in events]
        snapshot = company(cases=cases, case_events=events)
        value = values(snapshot, runner, "first_contact_resolution", period=Period.month(2024, 5))[0]
        assert (value.value, value.maturity) == (1.0, 0.5)


class TestBacklogThen:
    CASES = (
        {"id": "k1", "opened_at": "2024-03-01", "owner_id": "u1", "status": "open"},
        {"id": "k2", "opened_at": "2024-02-20", "status": "open"},
        {"id": "k3", "opened_at": "2024-01-01", "owner_id": "u1", "status": "open"},
        {"id": "k4", "opened_at": "2024-01-01", "solved_at": "2024-03-20"},
    )
    HISTORY = (
        changed("case", "k1", "owner_id", "u1", "2024-03-03"),
        changed("case", "k1", "status", "open", "2024-03-01"),
        changed("case", "k1", "status", "hold", "2024-03-20"),
        changed("case", "k2", "status", "open", "2024-02-20"),
        changed("case", "k3", "status", "open", "2024-01-01"),
        changed("case", "k3", "owner_id", "u1", "2024-01-01"),
        changed("case", "k3", "owner_id", None, "2024-03-02"),
        changed("case", "k4", "owner_id", "u2", "2024-01-01"),
        changed("case", "k4", "status", "solved", "2024-01-01"),
    )

    def test_by_age_and_status_of_that_moment(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(cases=self.CASES, attribute_history=self.HISTORY)
        until = Period(date(2024, 3, 1), date(2024, 3, 5))
        bands = {
            v.dimensions["age_band"]: v.value for v in values(snapshot, runner, "backlog", period=until, by="age_band")
        }
        assert bands == {"3 to 7 days": 1, "7 to 30 days": 1, "over 30 days": 2}
        statuses = {v.dimensions["status"]: v.value for v in values(snapshot, runner, "backlog", by="status")}
        assert statuses == {"hold": 1, "open": 2}

    def test_what_nobody_owned_then_and_days_of_work(self, company: Company, runner: DuckdbRunner) -> None:
        """At the end of March three wait, two of them nobody's; one was solved in 28 days."""
        snapshot = company(cases=self.CASES, attribute_history=self.HISTORY)
        unassigned, days, age = values(snapshot, runner, "backlog_unassigned", "backlog_days", "backlog_age")
        assert (unassigned.value, unassigned.denominator) == (2, 3)
        assert days.value == pytest.approx(3 * 28)
        assert age.value == pytest.approx((31 + 41 + 91) / 3)
