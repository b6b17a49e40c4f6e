"""Traps of marketing metrics: one response per member, credit that adds up, machines left out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from tiny_company import Company, Rows, utc

NOW = utc("2025-01-31")
YEAR = Period.year(2024)
CAMPAIGNS = [
    {"id": c, "created_at": "2024-01-01", "started_at": "2024-01-01", "channel": "email"} for c in ("c1", "c2")
]


def value_of(metric: str, snapshot: Snapshot, runner: DuckdbRunner, period: Period = YEAR) -> MetricValue:
    return measure([metric], snapshot, period=period, as_of=NOW, runner=runner)[0]


def by_campaign(metric: str, snapshot: Snapshot, runner: DuckdbRunner) -> dict[str | None, object]:
    values = measure([metric], snapshot, period=YEAR, as_of=NOW, runner=runner, by=["campaign"])
    return {v.dimensions["campaign"]: v.value for v in values}


def member(campaign: str, contact: str, **more: object) -> dict[str, object]:
    return {"campaign_id": campaign, "contact_id": contact, "added_at": "2024-01-01", **more}


class TestResponses:
    MEMBERS: Rows = (
        member("c1", "p", responded_at="2024-02-01"),
        member("c1", "p", responded_at="2024-01-20"),  # the same person entered twice
        member("c2", "p", responded_at="2024-02-02"),
        member("c1", "q", responded_at="2024-02-03", is_holdout=True),
        member("c1", "r"),
    )

    def test_one_response_per_contact_and_campaign_by_the_first(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(campaign_members=self.MEMBERS, campaigns=CAMPAIGNS)
        assert by_campaign("campaign_responses", snapshot, runner) == {"c1": 1, "c2": 1}
        assert value_of("campaign_responses", snapshot, runner, Period.month(2024, 1)).value == 1
        assert value_of("campaign_responders", snapshot, runner).value == 1

    def test_the_rate_gives_each_member_30_days(self, company: Company, runner: DuckdbRunner) -> None:
        """Reached: p, q, s in March. p responded in time, q on day 31; r was never sent to; s within the window."""
        members = [
            member("c1", "p", sent_at="2024-03-01", responded_at="2024-03-31"),
            member("c1", "q", sent_at="2024-03-01", responded_at="2024-04-01"),
            member("c1", "r", responded_at="2024-04-01"),
            member("c1", "s", sent_at="2024-02-28", delivered_at="2024-03-02", responded_at="2024-03-30"),
        ]
        snapshot = company(campaign_members=members)
        value = value_of("campaign_response_rate", snapshot, runner, Period.month(2024, 3))
        assert (value.numerator, value.denominator, value.maturity) == (2, 3, 1.0)
        early = measure(
            ["campaign_response_rate"],
            snapshot,
            period=Period.month(2024, 3),
            as_of=utc("2024-03-31 12:00"),
            runner=runner,
        )[0]
        assert early.maturity == pytest.approx(2 / 3)

    def test_all_responses_leave_out_what_we_sent_opens_and_machines(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        touches = [
            {"id": f"i{n}", "campaign_id": c, "contact_id": "p", "type": t, "direction": d, "occurred_at": "2024-02-01"}
            for n, (c, t, d) in enumerate(
                (
                    ("c1", "email_click", "inbound"),
                    ("c1", "form_submit", None),
                    ("c1", "email_open", "inbound"),
                    ("c1", "email_sent", "outbound"),
                    (None, "form_submit", "inbound"),
                    ("c1", "email_click", "inbound"),
                )
            )
        ]
        flags = [{"interaction_id": "i5", "flag": "bot", "value": True, "recorded_at": "2024-02-02"}]
        snapshot = company(interactions=touches, interaction_flags=flags)
        assert value_of("campaign_responses_total", snapshot, runner).value == 2


class TestCredit:
    """p was sent c1 on 1 March and answered c2 on 10 March; q was sent c1 on 1 January.

    order  who  day       amount   last touch within 30 days
    o1     p    5 March      100   c1
    o2     p    20 March      40   c2
    o3     q    20 March       7   none: unattributed
    refund of o1, 1 June     -30   takes c1's credit back
    """

    TABLES = {
        "campaigns": CAMPAIGNS,
        "campaign_members": [
            member("c1", "p", sent_at="2024-03-01"),
            member("c2", "p", sent_at="2024-03-01", responded_at="2024-03-10"),
            member("c1", "q", sent_at="2024-01-01"),
            member("c2", "q", sent_at="2024-03-19", is_holdout=True),
        ],
        "orders": [
            {"id": "o1", "contact_id": "p", "ordered_at": "2024-03-05", "amount": 100, "campaign_id": "c2"},
            {"id": "o2", "contact_id": "p", "ordered_at": "2024-03-20", "amount": 40},
            {"id": "o3", "contact_id": "q", "ordered_at": "2024-03-20", "amount": 7},
        ],
        "refunds": [{"order_id": "o1", "amount": 30, "refunded_at": "2024-06-01"}],
    }

    def test_the_last_touch_takes_all_and_the_rest_is_unattributed(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        tables = {**self.TABLES}
        tables["campaign_members"] = [
            m for m in tables["campaign_members"] if m["campaign_id"] != "c2" or "responded_at" in m
        ]
        tables["campaign_members"][1] = member("c2", "p", responded_at="2024-03-10")
        snapshot = company(**tables)
        found = by_campaign("campaign_revenue", snapshot, runner)
        assert found == {"c1": Decimal(70), "c2": Decimal(40), "unattributed": Decimal(7)}
        assert by_campaign("campaign_purchases", snapshot, runner) == {"c1": 1, "c2": 1, "unattributed": 1}

    def test_groups_add_up_to_all_revenue_and_the_whole_tells_it(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(**self.TABLES)
        groups = by_campaign("campaign_revenue", snapshot, runner)
        whole = value_of("campaign_revenue", snapshot, runner)
        assert sum(groups.values()) == whole.denominator == value_of("revenue", snapshot, runner).value == Decimal(117)  # type: ignore[arg-type]
        assert whole.value == Decimal(110)

    def test_the_primary_campaign_is_what_the_order_says(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(**self.TABLES)
        assert by_campaign("campaign_revenue_primary", snapshot, runner) == {
            "c2": Decimal(70),
            "unattributed": Decimal(47),
        }

    def test_many_touches_do_not_multiply_a_purchase(self, company: Company, runner: DuckdbRunner) -> None:
        """Fan-out: fifty touches of two campaigns, and still one order."""
        touches = [
            {
                "contact_id": "q",
                "campaign_id": f"c{1 + n % 2}",
                "type": "email_click",
                "occurred_at": f"2024-03-18 0{n % 10}:00",
            }
            for n in range(50)
        ]
        snapshot = company(**self.TABLES, interactions=touches)
        value = value_of("campaign_purchases", snapshot, runner)
        assert (value.value, value.denominator) == (3, 3)

    def test_a_deal_gets_the_touches_of_all_contacts_of_its_account(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        snapshot = company(
            campaigns=CAMPAIGNS,
            campaign_members=[member("c1", "colleague", responded_at="2024-03-10")],
            contacts=[{"id": "colleague", "created_at": "2023-01-01", "account_id": "a"}],
            deals=[
                {"created_at": "2024-02-01", "status": "won", "closed_at": "2024-03-20", "account_id": "a", "amount": 9}
            ],
        )
        assert by_campaign("campaign_revenue", snapshot, runner) == {"c1": Decimal(9)}

    def test_a_won_deal_with_an_order_is_not_counted_twice(self, company: Company, runner: DuckdbRunner) -> None:
        deals = [{"id": "d", "created_at": "2024-02-01", "status": "won", "closed_at": "2024-03-20", "amount": 9}]
        orders = [{"deal_id": "d", "contact_id": "p", "ordered_at": "2024-03-21", "amount": 9}]
        snapshot = company(campaigns=CAMPAIGNS, deals=deals, orders=orders)
        assert value_of("campaign_revenue", snapshot, runner).denominator == Decimal(9)


class TestCampaignsActive:
    def test_a_campaign_counts_in_every_month_it_touches(self, company: Company, runner: DuckdbRunner) -> None:
        campaigns = [
            {"id": "a", "started_at": "2024-01-15", "ended_at": "2024-02-15", "status": "completed"},
            {"id": "b", "started_at": "2024-02-01", "status": "active", "parent_campaign_id": "parent"},
            {"id": "parent", "started_at": "2024-01-01", "status": "active"},
            {"id": "x", "started_at": "2024-01-01", "status": "cancelled"},
            {"id": "y", "started_at": "2024-01-20", "ended_at": "2024-02-01", "status": "completed"},
        ]
        dated = [{**c, "created_at": "2024-01-01"} for c in campaigns]
        values = measure(
            ["campaigns_active"],
            company(campaigns=dated, contacts=[{"created_at": "2024-04-01", "email": "z@example.com"}]),
            period=Period(date(2024, 1, 1), date(2024, 4, 1)),
            as_of=NOW,
            runner=runner,
            grain="month",
        )
        assert [v.value for v in values] == [2, 2, 1]


class TestPageViews:
    def test_a_message_sent_twice_counts_once_and_machines_not_at_all(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        views = [
            {"id": f"i{n}", "type": "page_view", "occurred_at": "2024-02-01", "message_id": m, "session_id": s}
            for n, (m, s) in enumerate((("m1", "s1"), ("m1", "s1"), ("m2", "s1"), (None, "s2"), (None, "s3")))
        ]
        flags = [
            {"interaction_id": "i4", "flag": "bot", "value": True, "recorded_at": "2024-02-02"},
            {"interaction_id": "i3", "flag": "bot", "value": True, "recorded_at": "2024-02-02"},
            {"interaction_id": "i3", "flag": "bot", "value": False, "recorded_at": "2024-02-03"},
        ]
        snapshot = company(interactions=views, interaction_flags=flags)
        assert value_of("page_views", snapshot, runner).value == 3
        assert value_of("visits", snapshot, runner).value == 2
