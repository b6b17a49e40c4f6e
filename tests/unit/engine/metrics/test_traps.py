"""The classic ways to count wrong, one test each. Every number here can be told by eye."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, Additivity, MetricValue, Only, Period, measure
from rapport.engine.metrics.relation import SEGMENT
from tiny_company import Company, changed, utc

NOW = utc("2025-02-01")
MARCH, YEAR = Period.month(2024, 3), Period.year(2024)
FRAME = {"id": "frame", "contact_id": "frame", "ordered_at": "2023-01-01", "amount": 1}
"""An order long before, so that data cover the periods asked for."""
ALIVE = {"data_through": NOW}
"""The sources go on after the last row."""


def told(
    crm: Snapshot,
    runner: DuckdbRunner,
    *metrics: str,
    period: Period = MARCH,
    as_of: datetime = NOW,
    grain: str | None = None,
    by: str | None = None,
    only: Only | None = None,
) -> list[MetricValue]:
    filters = [only] if only else []
    return measure(
        metrics, crm, period=period, as_of=as_of, runner=runner, grain=grain, by=[by] if by else [], filters=filters
    )


def numbers(values: list[MetricValue]) -> list[float | None]:
    return [None if v.value is None else float(v.value) for v in values]


class TestJoins:
    def test_fan_out_an_order_with_many_lines_and_touches_counts_once(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        crm = company(
            contacts=[{"id": "ann", "created_at": "2023-01-01"}],
            products=[{"id": "a", "family": "x"}, {"id": "b", "family": "y"}],
            campaigns=[{"id": "c1"}, {"id": "c2"}],
            orders=[FRAME, {"id": "o", "contact_id": "ann", "ordered_at": "2024-03-10", "amount": 100}],
            order_lines=[{"order_id": "o", "product_id": p, "quantity": 1} for p in ("a", "b", "a")],
            interactions=[
                {"type": "email_click", "contact_id": "ann", "campaign_id": c, "occurred_at": f"2024-03-0{day}"}
                for day, c in ((5, "c1"), (6, "c2"), (7, "c1"))
            ],
        )
        metrics = ("orders", "revenue", "items_per_basket", "campaign_revenue", "campaign_purchases")
        assert numbers(told(crm, runner, *metrics)) == [1, 100, 3, 100, 1]

    def test_fan_out_a_deal_with_many_calls_visits_and_quotes_counts_once(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        deal = {"id": "d", "created_at": "2024-01-10", "closed_at": "2024-03-20", "status": "won", "amount": 1000}
        crm = company(
            deals=[{**deal, "contact_id": "ann", "account_id": "acme", "currency": "EUR"}],
            contacts=[{"id": p, "account_id": "acme", "created_at": "2023-01-01"} for p in ("ann", "bo", "cy")],
            interactions=[
                {"type": "call", "contact_id": p, "deal_id": "d", "occurred_at": "2024-03-01"}
                for p in ("ann", "bo", "cy")
            ],
            deal_stage_visits=[
                {"deal_id": "d", "stage": s, "entered_at": "2024-02-01", "left_at": "2024-03-01"} for s in ("x", "y")
            ],
            proposals=[{"deal_id": "d", "number": n, "sent_at": "2024-03-02", "amount": 5} for n in ("1", "2")],
        )
        metrics = ("deals_won", "bookings", "sales_calls_per_deal", "proposal_rate", "win_rate")
        assert numbers(told(crm, runner, *metrics)) == [1, 1000, 3, 1, 1]

    def test_chasm_orders_deals_and_cases_of_one_customer_do_not_multiply(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """3 orders, 2 deals and 2 cases of one account: a join of them would have 12 rows."""
        crm = company(
            accounts=[{"id": "acme"}],
            contacts=[{"id": "ann", "account_id": "acme"}],
            orders=[FRAME, *({"account_id": "acme", "ordered_at": "2024-03-05", "amount": 10, "id": i} for i in "xyz")],
            deals=[
                {
                    "account_id": "acme",
                    "status": "won",
                    "created_at": "2024-01-01",
                    "closed_at": "2024-03-06",
                    "amount": 7,
                }
                for _ in range(2)
            ],
            cases=[{"account_id": "acme", "opened_at": "2024-03-07"} for _ in range(2)],
        )
        values = told(crm, runner, "revenue", "bookings", "cases_opened", by="account")
        assert numbers([v for v in values if v.dimensions["account"] == "acme"]) == [30, 14, 2]

    def test_overlapping_groups_are_not_added_up(self, company: Company, runner: DuckdbRunner) -> None:
        """Ann is in both segments: each shows her order, both together count it once."""
        stay = {"subject": "contact", "subject_id": "ann", "entered_at": "2024-01-01", "recorded_at": "2024-01-01"}
        crm = company(
            contacts=[{"id": "ann"}],
            orders=[FRAME, {"id": "o", "contact_id": "ann", "ordered_at": "2024-03-05", "amount": 10}],
            segment_memberships=[{**stay, "segment": s} for s in ("loyal", "young")],
        )
        assert sorted(v.dimensions[SEGMENT] or "" for v in told(crm, runner, "orders", by=SEGMENT) if v.value) == [
            "loyal",
            "young",
        ]
        assert numbers(told(crm, runner, "orders", only=Only(SEGMENT, ("loyal", "young")))) == [1]


class TestStateOverTime:
    def test_a_reopened_deal_is_open_again_and_counts_by_its_last_close(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        deal = {"id": "d", "created_at": "2024-01-10", "closed_at": "2024-05-20", "status": "won", "amount": 9}
        steps = [
            ("status", "open", "2024-01-10"),
            ("status", "lost", "2024-02-10"),
            ("closed_at", "2024-02-10T00:00:00+00:00", "2024-02-10"),
            ("status", "open", "2024-03-10"),
            ("closed_at", None, "2024-03-10"),
            ("status", "won", "2024-05-20"),
            ("closed_at", "2024-05-20T00:00:00+00:00", "2024-05-20"),
        ]
        crm = company(deals=[deal], attribute_history=[changed("deal", "d", *step) for step in steps], settings=ALIVE)
        half = Period(date(2024, 1, 1), date(2024, 7, 1))
        values = told(crm, runner, "open_deals", "deals_won", "deals_lost", period=half, grain="month")
        found = numbers(values)
        assert found[:6] == [1, 0, 1, 1, 0, 0]
        assert [n or 0 for n in found[6:12]] == [0, 0, 0, 0, 1, 0]
        assert not any(found[12:])

    def test_a_reopened_case_is_in_the_backlog_again(self, company: Company, runner: DuckdbRunner) -> None:
        turns = (("solved", "2024-02-10"), ("reopened", "2024-03-10"), ("solved", "2024-05-20"))
        crm = company(
            cases=[{"id": "k", "opened_at": "2024-01-10", "solved_at": "2024-05-20"}],
            case_events=[{"case_id": "k", "type": kind, "occurred_at": day} for kind, day in turns],
            settings=ALIVE,
        )
        half = Period(date(2024, 1, 1), date(2024, 7, 1))
        metrics = ("backlog", "cases_opened", "case_reopenings", "case_solves")
        values = told(crm, runner, *metrics, period=half, grain="month")
        backlog, opened, again, solved = (numbers(values)[i : i + 6] for i in range(0, 24, 6))
        assert backlog == [1, 0, 1, 1, 0, 0]
        before = 0.0
        for level, came, back, went in zip(backlog, opened, again, solved, strict=True):
            before += (came or 0) + (back or 0) - (went or 0)
            assert level == before
        assert numbers(told(crm, runner, "cases_solved", period=half)) == [1]

    def test_a_stock_is_not_the_sum_of_its_months(self, company: Company, runner: DuckdbRunner) -> None:
        crm = company(deals=[{"created_at": "2024-01-05", "status": "open", "amount": 100}])
        quarter = Period(date(2024, 1, 1), date(2024, 4, 1))
        assert numbers(told(crm, runner, "open_deals", "pipeline_value", period=quarter)) == [1, 100]
        months = told(crm, runner, "open_deals", period=quarter, grain="month")
        assert numbers(months) == [1, 1, 1]
        stocks = ("open_deals", "pipeline_value", "backlog", "mrr", "customers", "mailable_contacts")
        assert all(METRICS[metric].additivity is not Additivity.ADDITIVE for metric in stocks)


class TestDays:
    @pytest.mark.parametrize(
        ("utc_time", "day"),
        [
            ("2024-03-30 23:30", date(2024, 3, 31)),  # 00:30 of the day of 23 hours
            ("2024-03-31 21:30", date(2024, 3, 31)),  # 23:30 of it, in summer time
            ("2024-03-31 22:30", date(2024, 4, 1)),  # 00:30, in summer time
            ("2024-10-26 22:30", date(2024, 10, 27)),  # 00:30 of the day of 25 hours
            ("2024-10-27 22:30", date(2024, 10, 27)),  # 23:30 of it, in winter time
            ("2024-10-27 23:30", date(2024, 10, 28)),
        ],
    )
    def test_days_of_23_and_25_hours(self, company: Company, runner: DuckdbRunner, utc_time: str, day: date) -> None:
        orders = [FRAME, {"id": "o", "ordered_at": utc_time, "amount": 1}]
        crm = company(orders=orders, time_zone="Europe/Stockholm", settings=ALIVE)
        around = Period(date(day.year, day.month, day.day), date.fromordinal(day.toordinal() + 1))
        three = Period(date.fromordinal(day.toordinal() - 1), date.fromordinal(day.toordinal() + 2))
        assert numbers(told(crm, runner, "orders", period=around)) == [1]
        assert numbers(told(crm, runner, "orders", period=three, grain="day")) == [0, 1, 0]

    def test_the_leap_day_is_in_february_and_in_no_other_year(self, company: Company, runner: DuckdbRunner) -> None:
        crm = company(
            orders=[FRAME, *({"id": d, "ordered_at": d, "amount": 1} for d in ("2024-02-29 12:00", "2024-03-01"))]
        )
        assert numbers(told(crm, runner, "orders", period=Period.month(2024, 2))) == [1]
        leap = Period.day(date(2024, 2, 29))
        assert leap.last_year().days == 1
        assert Period.month(2024, 3).previous() == Period.month(2024, 2)
        assert Period.month(2024, 2).days == 29
        assert Period.last_months(2, until=date(2024, 3, 31)).start == date(2024, 2, 1)

    def test_a_contract_from_the_end_of_a_month_runs_in_every_month(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        crm = company(contracts=[{"account_id": "a", "started_at": "2024-01-31", "monthly_amount": 10}])
        spring = Period(date(2024, 1, 1), date(2024, 5, 1))
        assert numbers(told(crm, runner, "mrr", period=spring, grain="month")) == [10, 10, 10, 10]


class TestMoney:
    def test_a_refund_in_parts_lowers_the_months_in_which_it_was_given(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        crm = company(
            orders=[FRAME, {"id": "o", "contact_id": "ann", "ordered_at": "2024-01-10", "amount": 100}],
            refunds=[
                {"order_id": "o", "amount": 30, "refunded_at": "2024-01-20"},
                {"order_id": "o", "amount": 20, "refunded_at": "2024-03-05"},
            ],
        )
        spring = Period(date(2024, 1, 1), date(2024, 4, 1))
        values = told(crm, runner, "revenue", "orders", "new_customers", period=spring, grain="month")
        assert numbers(values) == [70, 0, -20, 1, 0, 0, 1, 0, 0]

    def test_a_missing_rate_is_told_and_not_taken_as_1(self, company: Company, runner: DuckdbRunner) -> None:
        crm = company(
            orders=[
                FRAME,
                {"id": "home", "ordered_at": "2024-03-02", "amount": 10, "currency": "EUR"},
                {"id": "known", "ordered_at": "2024-03-02", "amount": 11, "currency": "USD"},
                {"id": "never", "ordered_at": "2024-03-02", "amount": 1000, "currency": "GBP"},
                {"id": "early", "ordered_at": "2024-03-02", "amount": 1000, "currency": "CHF"},
            ],
            exchange_rates=[
                {"date": "2024-03-01", "currency": "USD", "per_base": "1.1"},
                {"date": "2024-03-20", "currency": "USD", "per_base": "2.0"},  # a rate that changes later moves nothing
                {"date": "2024-03-20", "currency": "CHF", "per_base": "2.0"},  # nor does one that begins later
            ],
        )
        value = told(crm, runner, "revenue")[0]
        assert (value.value, value.n_unconverted) == (Decimal(20), 2)

    def test_null_is_not_0(self, company: Company, runner: DuckdbRunner) -> None:
        """An order for nothing lowers no basket; one without amount is told; a mean of nothing is unknown."""
        crm = company(
            orders=[
                FRAME,
                {"id": "free", "ordered_at": "2024-03-02", "amount": 0},
                {"id": "untold", "ordered_at": "2024-03-02", "amount": None},
                {"id": "paid", "ordered_at": "2024-03-02", "amount": 30},
            ]
        )
        revenue, orders, basket = told(crm, runner, "revenue", "orders", "average_basket_value")
        assert (revenue.value, revenue.n_missing_amount) == (30, 1)
        assert orders.value == 3
        assert (basket.value, basket.denominator) == (30, 1)
        april = told(crm, runner, "revenue", "average_basket_value", period=Period.month(2023, 5))
        assert numbers(april) == [0, None]


class TestKnowledge:
    def test_what_came_late_is_not_known_before_and_restates_after(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """An order of March that reached the company in May: April's answer for March stays what it was."""
        early = {"id": "e", "ordered_at": "2024-03-05", "recorded_at": "2024-03-05", "amount": 10}
        late = {"id": "l", "ordered_at": "2024-03-20", "recorded_at": "2024-05-02", "amount": 90}
        crm = company(orders=[{**FRAME, "recorded_at": "2023-01-01"}, early, late])
        seen = [
            numbers(told(crm, runner, "orders", "revenue", as_of=utc(day)))
            for day in ("2024-04-02", "2024-05-01", "2024-05-03")
        ]
        assert seen == [[1, 10], [1, 10], [2, 100]]

    def test_merged_people_are_one_before_and_after(self, company: Company, runner: DuckdbRunner) -> None:
        crm = company(
            contacts=[{"id": p, "created_at": f"2024-03-0{n}"} for n, p in ((1, "ann"), (2, "anne"))],
            orders=[
                FRAME,
                *({"id": p, "contact_id": p, "ordered_at": "2024-03-10", "amount": 5} for p in ("ann", "anne")),
            ],
            identity_links=[
                {"entity": "contact", "from_id": "anne", "to_id": "ann", "kind": "merge", "recorded_at": "2024-03-15"}
            ],
        )
        metrics = ("active_customers", "new_customers", "leads", "orders", "revenue")
        assert numbers(told(crm, runner, *metrics)) == [1, 1, 1, 2, 10]
