"""Visitors, leads, referrals, inquiries: whom marketing brings, and whom it turns to."""

from __future__ import annotations

import ibis
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relations.referrals import REFERRED_CUSTOMERS
from rapport.engine.metrics.relations.requalified import REQUALIFIED
from rapport.engine.metrics.relations.targeted import TARGETED
from rapport.engine.metrics.relations.visitors import VISITORS
from rapport.engine.metrics.windows import windows_of
from tiny_company import Company, Row, changed, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)


def values_of(
    metrics: list[str], snapshot: Snapshot, runner: DuckdbRunner, period: Period = MARCH
) -> dict[str, MetricValue]:
    return {v.metric: v for v in measure(metrics, snapshot, period=period, as_of=NOW, runner=runner)}


def parts(value: MetricValue) -> tuple[object, object]:
    return value.numerator, value.denominator


def visit(at: str, **more: object) -> Row:
    return {"type": "page_view", "occurred_at": at, **more}


class TestVisitors:
    CONTACTS: tuple[Row, ...] = (
        {"id": "new", "created_at": "2024-03-10", "lifecycle_stage": "lead"},
        {"id": "known", "created_at": "2024-01-10", "lifecycle_stage": "lead"},
        {"id": "fair", "created_at": "2024-03-11", "lifecycle_stage": "lead"},  # never on the pages
        {"id": "bot", "created_at": "2024-03-11", "lifecycle_stage": "lead"},
    )
    VISITS: tuple[Row, ...] = (
        visit("2024-03-09", anonymous_id="cookie1", session_id="s1", url_path="/landing"),
        visit("2024-03-10", contact_id="new", session_id="s2", url_path="/prices"),
        visit("2024-03-10", contact_id="new", session_id="s2", url_path="/prices"),
        visit("2024-03-12", contact_id="known", session_id="s3", url_path="/prices"),
        visit("2024-03-12", anonymous_id="cookie2", session_id="s4", url_path="/landing"),
        visit("2024-03-13", session_id="s5", url_path="/"),
        visit("2024-03-13", id="by_robot", contact_id="bot", session_id="s6"),
    )
    LINKS = (
        {"entity": "contact", "from_id": "cookie1", "to_id": "new", "kind": "identify", "recorded_at": "2024-03-10"},
    )
    FLAGS = ({"interaction_id": "by_robot", "flag": "bot", "value": True, "recorded_at": "2024-03-14"},)

    def snapshot(self, company: Company) -> Snapshot:
        return company(
            contacts=self.CONTACTS, interactions=self.VISITS, identity_links=self.LINKS, interaction_flags=self.FLAGS
        )

    def test_of_the_visitors_those_who_became_leads(self, company: Company, runner: DuckdbRunner) -> None:
        """New was seen before being known: one visitor. Known was a lead before; the robot is nobody."""
        metrics = ["visitors", "lead_generation_rate", "lead_generation_rate_sessions"]
        found = values_of(metrics, self.snapshot(company), runner)
        assert found["visitors"].value == 4
        assert parts(found["lead_generation_rate"]) == (1, 4)
        assert parts(found["lead_generation_rate_sessions"]) == (1, 5)

    def test_a_visitor_counts_with_the_first_page(self, company: Company, runner: DuckdbRunner) -> None:
        values = measure(
            ["lead_generation_rate"],
            self.snapshot(company),
            period=MARCH,
            as_of=NOW,
            runner=runner,
            by=["landing_page"],
        )
        assert {v.dimensions["landing_page"]: parts(v) for v in values} == {
            "/landing": (1, 2),
            "/prices": (0, 1),
            "/": (0, 1),
        }

    def test_nobody_came_is_no_rate(self, company: Company, runner: DuckdbRunner) -> None:
        value = values_of(["lead_generation_rate"], self.snapshot(company), runner, Period.month(2024, 2))
        assert value["lead_generation_rate"].value is None

    def test_a_page_counts_once_in_a_session(self, company: Company, runner: DuckdbRunner) -> None:
        found = values_of(["page_views", "unique_page_views", "visits"], self.snapshot(company), runner)
        assert [v.value for v in found.values()] == [6, 5, 5]


def test_the_newest_decision_of_the_period_counts(company: Company, runner: DuckdbRunner) -> None:
    decisions = [
        {"contact_id": c, "purpose": p, "channel": "web", "granted": g, "decided_at": at}
        for c, p, g, at in (
            ("a", "tracking", False, "2024-03-01"),
            ("a", "tracking", True, "2024-03-02"),
            ("a", "news", True, "2024-03-02"),
            ("b", "tracking", False, "2024-03-02"),
            ("b", "tracking", True, "2024-02-02"),
        )
    ]
    assert parts(values_of(["consent_rate"], company(consents=decisions), runner)["consent_rate"]) == (2, 3)


class TestRequalified:
    def test_who_fell_back_and_qualified_anew_counts_once(self, company: Company, runner: DuckdbRunner) -> None:
        stages = [
            ("a", "mql", "2024-01-01"),
            ("a", "lead", "2024-02-01"),
            ("a", "mql", "2024-03-01"),
            ("a", "visitor", "2024-03-02"),
            ("a", "sql", "2024-03-03"),  # a second time in the month
            ("b", "mql", "2024-02-01"),
            ("b", "sql", "2024-03-01"),  # onward, not back
            ("c", "lead", "2024-02-01"),
            ("c", "mql", "2024-03-01"),  # the first time
            ("d", "customer", "2024-01-01"),
            ("d", "former", "2024-02-01"),
            ("d", "opportunity", "2024-03-05"),
        ]
        history = [changed("contact", who, "lifecycle_stage", stage, at) for who, stage, at in stages]
        contacts = [{"id": c, "created_at": "2024-01-01"} for c in "abcd"]
        found = values_of(["requalified_leads", "mqls"], company(contacts=contacts, attribute_history=history), runner)
        assert found["requalified_leads"].value == 2
        assert found["mqls"].value == 1

    def test_without_history_it_is_unknown(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contacts=[{"id": "a", "created_at": "2024-03-01", "lifecycle_stage": "mql"}])
        assert values_of(["requalified_leads"], snapshot, runner)["requalified_leads"].value is None


class TestReferrals:
    """Customers of March: acme (its ann was referred by bob of another account), solo (referred themselves), inner
    (referred by a colleague), late (referred after the purchase), prog (through the programme)."""

    CONTACTS: tuple[Row, ...] = (
        {"id": "bob", "created_at": "2023-01-01", "account_id": "old"},
        {"id": "ann", "created_at": "2024-03-02", "account_id": "acme", "referred_by_contact_id": "bob"},
        {"id": "solo", "created_at": "2024-03-02", "referred_by_contact_id": "solo"},
        {"id": "in1", "created_at": "2024-03-02", "account_id": "inner"},
        {"id": "in2", "created_at": "2024-03-02", "account_id": "inner", "referred_by_contact_id": "in1"},
        {"id": "late", "created_at": "2024-03-20", "referred_by_contact_id": "bob"},
        {"id": "prog", "created_at": "2024-03-02"},
    )
    ORDERS: tuple[Row, ...] = (
        {"id": "o1", "account_id": "acme", "ordered_at": "2024-03-10", "amount": 5},
        {"id": "o2", "account_id": "acme", "ordered_at": "2024-03-11", "amount": 5},
        {"id": "o3", "contact_id": "solo", "ordered_at": "2024-03-10", "amount": 5},
        {"id": "o4", "contact_id": "in2", "ordered_at": "2024-03-10", "amount": 5},
        {"id": "o5", "contact_id": "late", "ordered_at": "2024-03-10", "amount": 5},
        {"id": "o6", "contact_id": "prog", "ordered_at": "2024-03-10", "amount": 5},
    )
    TOUCHES: tuple[Row, ...] = (
        {"contact_id": "prog", "type": "referral_program", "occurred_at": "2024-03-03"},
        {
            "contact_id": "solo",
            "type": "page_view",
            "occurred_at": "2024-03-03",
            "url": "https://a.example/?utm_medium=referral",
        },
    )

    def test_customers_whom_others_referred(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contacts=self.CONTACTS, orders=self.ORDERS, interactions=self.TOUCHES)
        found = values_of(
            ["referral_new_customers", "referral_rate", "referrals_made", "new_customers"], snapshot, runner
        )
        assert found["referral_new_customers"].value == 2
        assert parts(found["referral_rate"]) == (2, found["new_customers"].value)
        assert found["new_customers"].value == 5
        assert found["referrals_made"].value == 3  # ann, in2 and late

    def test_an_order_refunded_in_full_brings_no_customer(self, company: Company, runner: DuckdbRunner) -> None:
        refunds = [{"order_id": o, "amount": 5, "refunded_at": "2024-03-12"} for o in ("o1", "o2")]
        snapshot = company(contacts=self.CONTACTS, orders=self.ORDERS, refunds=refunds)
        assert values_of(["referral_new_customers"], snapshot, runner)["referral_new_customers"].value == 0

    def test_a_merged_referrer_is_not_somebody_else(self, company: Company, runner: DuckdbRunner) -> None:
        link = {"entity": "contact", "from_id": "twin", "to_id": "me", "kind": "merge", "recorded_at": "2024-03-15"}
        contacts = [
            {"id": "me", "created_at": "2024-03-02", "referred_by_contact_id": "twin"},
            {"id": "twin", "created_at": "2024-03-01"},
        ]
        orders = [{"contact_id": "me", "ordered_at": "2024-03-10", "amount": 5}]
        snapshot = company(contacts=contacts, orders=orders, identity_links=[link])
        assert parts(values_of(["referral_rate"], snapshot, runner)["referral_rate"]) == (0, 1)


def test_inquiries_are_inbound_and_no_service_cases(company: Company, runner: DuckdbRunner) -> None:
    rows = [
        {"type": "form_submit", "message_id": "m1"},
        {"type": "form_submit", "message_id": "m1"},  # told twice
        {"type": "call", "direction": "inbound"},
        {"type": "call"},  # nobody says who called
        {"type": "call", "direction": "outbound"},
        {"type": "chat", "direction": "inbound", "case_id": "k"},
        {"type": "page_view", "direction": "inbound"},
        {"type": "form_submit", "id": "robot"},
    ]
    flags = [{"interaction_id": "robot", "flag": "spam", "value": True, "recorded_at": "2024-03-14"}]
    before = [{"type": "chat", "direction": "inbound", "occurred_at": "2024-02-10"}]
    snapshot = company(
        interactions=[*({**r, "occurred_at": "2024-03-10"} for r in rows), *before], interaction_flags=flags
    )
    found = values_of(["inbound_inquiries", "inbound_inquiries_trend"], snapshot, runner)
    assert found["inbound_inquiries"].value == 2
    assert found["inbound_inquiries_trend"].value == 1.0


def test_prospects_are_those_who_were_no_customers_when_turned_to(company: Company, runner: DuckdbRunner) -> None:
    members = [
        {"campaign_id": "c1", "contact_id": "a", "added_at": "2024-03-01", "sent_at": "2024-03-02"},
        {"campaign_id": "c2", "contact_id": "a", "added_at": "2024-03-01"},  # twice the same person
        {"campaign_id": "c1", "contact_id": "held", "added_at": "2024-03-01", "is_holdout": True},
        {"campaign_id": "c1", "contact_id": "buyer", "added_at": "2024-03-01"},
        {"campaign_id": "c1", "contact_id": "colleague", "added_at": "2024-03-01"},
        {"campaign_id": "c1", "contact_id": "later", "added_at": "2024-03-01"},
    ]
    lists = [
        {"action": "call", "subject": "contact", "subject_id": "b", "arm": "treated", "assigned_at": "2024-03-05"},
        {"action": "call", "subject": "contact", "subject_id": "h", "arm": "holdout", "assigned_at": "2024-03-05"},
        {"action": "call", "subject": "deal", "subject_id": "d", "arm": "treated", "assigned_at": "2024-03-05"},
    ]
    orders = [
        {"contact_id": "buyer", "account_id": "acme", "ordered_at": "2024-02-10", "amount": 5},
        {"contact_id": "later", "ordered_at": "2024-03-20", "amount": 5},
    ]
    contacts = [{"id": "colleague", "created_at": "2024-01-01", "account_id": "acme"}]
    snapshot = company(campaign_members=members, action_assignments=lists, orders=orders, contacts=contacts)
    assert values_of(["targeted_prospects"], snapshot, runner)["targeted_prospects"].value == 3  # a, later, b
    alone = company(campaign_members=members)
    assert values_of(["targeted_prospects"], alone, runner)["targeted_prospects"].value == 4


@pytest.mark.slow
@pytest.mark.parametrize("relation", [REFERRED_CUSTOMERS, REQUALIFIED, TARGETED, VISITORS], ids=lambda r: r.name)
def test_the_rows_can_be_asked_of_spark(company: Company, relation) -> None:  # type: ignore[no-untyped-def]
    tables = {
        "contacts": TestReferrals.CONTACTS,
        "orders": TestReferrals.ORDERS,
        "interactions": TestReferrals.TOUCHES,
        "attribute_history": [changed("contact", "a", "lifecycle_stage", "mql", "2024-01-01")],
        "identity_links": TestVisitors.LINKS,
        "campaign_members": [{"campaign_id": "c1", "contact_id": "a", "added_at": "2024-03-01"}],
    }
    assert ibis.pyspark  # makes its options known
    windows = windows_of((MARCH,), time_zone="UTC", as_of=NOW)
    reading = Reading(view=as_known(company(**tables), NOW), windows=windows, needed_by="test")
    assert "SELECT" in ibis.to_sql(relation.rows(reading), dialect="pyspark")
