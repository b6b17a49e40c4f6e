"""Traps of calls: short abandons, menus, call-backs, legs, work that is not told, days without anybody."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Only, Period, measure
from tiny_company import Company, Row, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)


def call(at: str, outcome: str | None = "answered", **more: object) -> Row:
    told = {"type": "call", "direction": "inbound", "queue": "support", "outcome": outcome, "duration_s": None}
    return {**told, "occurred_at": f"2024-03-{at}", **more}


def values(
    snapshot: Snapshot,
    runner: DuckdbRunner,
    *metrics: str,
    period: Period = MARCH,
    by: str | None = None,
    only: Only | None = None,
) -> list[MetricValue]:
    return measure(
        list(metrics),
        snapshot,
        period=period,
        as_of=NOW,
        runner=runner,
        by=[by] if by else [],
        filters=[only] if only else [],
    )


class TestAbandonment:
    CALLS = (
        *(call(f"04 10:0{i}", wait_s=5) for i in range(4)),
        call("04 10:04", "abandoned", wait_s=9),  # short
        call("04 10:05", "abandoned", wait_s=10),
        call("04 10:06", "Abandoned", wait_s=200),
        call("04 10:07", "ivr"),  # not offered
        call("04 10:08", "callback", wait_s=60),  # offered, not abandoned
        call("04 10:09", direction="outbound"),
        call("04 10:10", queue=None, case_id=None),  # no call to service
        # overflows to another queue and is answered there; overflows and is left after 6 + 6 seconds
        call("04 11:00", "overflow", wait_s=30, session_id="s1"),
        call("04 11:01", wait_s=5, queue="second", session_id="s1"),
        call("04 11:10", "overflow", wait_s=6, session_id="s2"),
        call("04 11:11", "abandoned", wait_s=6, queue="second", session_id="s2"),
    )

    def test_a_call_counts_once_by_where_it_ended(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(interactions=self.CALLS)
        count, every, rate, rate_all = values(
            snapshot,
            runner,
            "calls_abandoned",
            "calls_abandoned_all",
            "call_abandonment_rate",
            "call_abandonment_rate_all",
        )
        assert (count.value, every.value) == (3, 4)
        assert (rate.numerator, rate.denominator) == (3, 9)  # 4 answered, 2 left, 1 call-back, 2 that overflowed
        assert (rate_all.numerator, rate_all.denominator) == (4, 10)
        by_queue = {v.dimensions["queue"]: v for v in values(snapshot, runner, "call_abandonment_rate", by="queue")}
        assert (by_queue["second"].numerator, by_queue["second"].denominator) == (1, 2)
        assert set(by_queue) == {"support", "second"}

    def test_the_threshold_is_a_setting(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(interactions=self.CALLS, settings={"short_abandon_seconds": 13})
        value = values(snapshot, runner, "call_abandonment_rate")[0]
        assert (value.numerator, value.denominator) == (1, 7)

    def test_the_hour_is_local(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(interactions=[call("04 23:30", wait_s=1), call("31 05:30")], time_zone="Europe/Stockholm")
        hours = {v.dimensions["hour"] for v in values(snapshot, runner, "call_abandonment_rate_all", by="hour")}
        assert hours == {"00", "07"}  # winter and summer time

    def test_a_call_told_twice_counts_once_and_a_test_not_at_all(self, company: Company, runner: DuckdbRunner) -> None:
        calls = [call("04 10:00", message_id="m"), call("04 10:00", message_id="m"), call("05 10:00", id="t")]
        flags = [{"interaction_id": "t", "flag": "test", "value": True}]
        snapshot = company(interactions=calls, interaction_flags=flags)
        assert values(snapshot, runner, "call_abandonment_rate_all")[0].denominator == 1


class TestCallsPerDay:
    WEEK = tuple(
        {"name": "week", "time_zone": "UTC", "weekday": d, "opens": "09:00", "closes": "17:00"} for d in range(1, 6)
    )
    GOOD_FRIDAY = {"name": "week", "time_zone": "UTC", "holiday": date(2024, 3, 29)}
    CALLS = (
        call("01 10:00", owner_id="u1"),
        call("04 10:00", owner_id="u1"),
        call("04 11:00", owner_id="u1", queue="billing"),
        call("05 10:00", owner_id="u2"),
        call("06 10:00", "abandoned"),
    )
    COMPANY = {"interactions": CALLS, "business_calendars": [*WEEK, GOOD_FRIDAY]}

    def test_working_days_are_those_of_the_calendar(self, company: Company, runner: DuckdbRunner) -> None:
        """March 2024 has 21 week-days, one of them Good Friday."""
        metrics = ("service_calls_per_day", "service_calls_per_calendar_day", "service_calls_offered_per_day")
        found = values(company(**self.COMPANY), runner, *metrics, "service_calls_per_agent_day")
        assert [(v.numerator, v.denominator) for v in found] == [(4, 20), (4, 31), (5, 20), (4, 3)]

    def test_each_group_is_measured_by_all_the_days(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(**self.COMPANY)
        found = {v.dimensions["queue"]: v for v in values(snapshot, runner, "service_calls_per_day", by="queue")}
        assert {queue: (v.numerator, v.denominator) for queue, v in found.items()} == {
            "support": (3, 20),
            "billing": (1, 20),
        }
        one = values(snapshot, runner, "service_calls_per_day", only=Only("queue", ("billing",)))[0]
        assert one.value == pytest.approx(1 / 20)

    def test_a_month_without_calls_has_none_and_days_without_data_are_none(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """Calls are told from 18 January to 10 April: of 31 days 14, of April 10. March had none at all."""
        calls = [
            {**call("01 10:00"), "occurred_at": at} for at in ("2024-01-18 10:00", "2024-02-05", "2024-04-09 10:00")
        ]
        snapshot = company(interactions=calls, settings={"data_through": utc("2024-04-11")})
        found = measure(
            ["service_calls_per_calendar_day"],
            snapshot,
            period=Period(date(2023, 12, 1), date(2024, 6, 1)),
            as_of=NOW,
            runner=runner,
            grain="month",
        )
        assert [v.value for v in found[:2]] == [None, 1 / 14]
        assert [(v.numerator, v.denominator) for v in found[3:5]] == [(0, 31), (1, 10)]
        assert found[5].value is None


class TestHandleTime:
    def test_legs_add_up_to_their_contact_and_each_to_its_agent(self, company: Company, runner: DuckdbRunner) -> None:
        """s1: 100 + 10 + 20 by u1, then 50 + 30 by u2. c2: 60. A chat of 40. An abandoned call is not handled."""
        calls = [
            call("04 10:00", "transferred", duration_s=100, hold_s=10, after_call_s=20, owner_id="u1", session_id="s1"),
            call("04 10:02", duration_s=50, after_call_s=30, owner_id="u2", session_id="s1"),
            call("04 11:00", duration_s=60, owner_id="u1", after_call_s=0),
            {**call("04 12:00", duration_s=40, owner_id="u2", after_call_s=0), "type": "chat"},
            call("04 13:00", "abandoned", wait_s=90),
        ]
        snapshot = company(interactions=calls)
        value = values(snapshot, runner, "average_handle_time")[0]
        assert (value.numerator, value.denominator) == (310, 3)
        agents = {v.dimensions["agent"]: v.value for v in values(snapshot, runner, "average_handle_time", by="agent")}
        assert agents == {"u1": 95.0, "u2": 60.0}

    def test_work_that_is_not_told_is_not_taken_as_none(self, company: Company, runner: DuckdbRunner) -> None:
        calls = [call("04 10:00", duration_s=100, after_call_s=20), call("04 11:00", duration_s=60)]
        with_work, without = values(
            company(interactions=calls), runner, "average_handle_time", "average_handle_time_without_acw"
        )
        assert (with_work.value, with_work.n_missing_amount, without.value) == (120.0, 1, 80.0)
        assert "1 without a full time" in with_work.flags
        nothing = values(company(interactions=calls[1:]), runner, "average_handle_time")[0]
        assert nothing.value is None
        assert "after_call_s" in str(nothing.reason)

    def test_a_call_belongs_to_the_day_it_ended(self, company: Company, runner: DuckdbRunner) -> None:
        calls = [
            call("31 23:59", duration_s=120, after_call_s=0),
            call("31 23:00", duration_s=60, after_call_s=0, ended_at="2024-03-31 23:01"),
        ]
        assert values(company(interactions=calls), runner, "average_handle_time")[0].value == 60.0


class TestRevenue:
    def test_an_order_is_claimed_once_by_the_last_interaction_of_a_week(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """o1 of 100 is claimed by the second call, less a refund of 30; o2 comes after 8 days, o3 before any call;
        o4 of another person of the account counts where accounts are customers. Mails merely opened are no interaction.
        """
        calls = [
            call("04 10:00", contact_id="p1", owner_id="u1"),
            call("06 10:00", contact_id="p1", owner_id="u2"),
            call("20 10:00", contact_id="p2", owner_id="u1"),
            {**call("06 11:00", contact_id="p1"), "type": "email_open"},
        ]
        bought = {"amount": 100, "status": "paid", "currency": "EUR"}
        orders = [
            {"id": "o1", "contact_id": "p1", "ordered_at": "2024-03-07", **bought},
            {"id": "o2", "contact_id": "p1", "ordered_at": "2024-03-15", **bought},
            {"id": "o3", "contact_id": "p2", "ordered_at": "2024-03-19", **bought},
            {"id": "o4", "contact_id": "p3", "ordered_at": "2024-03-21", **bought},
        ]
        refunds = [{"order_id": "o1", "amount": 30, "currency": "EUR", "refunded_at": "2024-03-09"}]
        contacts = [{"id": "p1"}, {"id": "p2", "account_id": "a"}, {"id": "p3", "account_id": "a"}]
        tables = {"interactions": calls, "orders": orders, "refunds": refunds, "contacts": contacts}
        by_account, by_person = (
            values(company(settings={"customer_grain": grain}, **tables), runner, "revenue_per_service_interaction")[0]
            for grain in ("account", "person")
        )
        assert (by_account.numerator, by_account.denominator) == (170, 3)
        assert (by_person.numerator, by_person.denominator) == (70, 3)
        served = values(company(**tables), runner, "revenue_of_served_customers_per_interaction")[0]
        assert (served.numerator, served.denominator) == (370, 3)
        agents = values(company(**tables), runner, "revenue_per_service_interaction", by="agent")
        assert {v.dimensions["agent"]: v.value for v in agents} == {"u1": 50.0, "u2": 70.0}
