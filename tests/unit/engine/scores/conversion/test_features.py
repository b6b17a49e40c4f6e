"""What is known of subjects as of an instant, on a few rows whose answer can be seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.features.frame import Layout, feature_frame
from rapport.engine.scores.features.plan import feature_plan
from rapport.engine.scores.features.terms import Feature, Nature, family_words, term_of
from rapport.engine.statistics.additive import Categories, Features, Numbers

NOW = at(2024, 6, 30, 12)


def known(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1), **more}


def happening(key: str, days_ago: float, **more: Any) -> dict[str, Any]:
    when = NOW - timedelta(days=days_ago)
    own = {"id": key, "contact_id": "a", "type": "page_view", "occurred_at": when, "recorded_at": when}
    return {**own, "direction": "inbound", **more}


def order(key: str, days_ago: float, amount: int, **more: Any) -> dict[str, Any]:
    when = NOW - timedelta(days=days_ago)
    return {"id": key, "contact_id": "a", "ordered_at": when, "recorded_at": when, "amount": Decimal(amount), **more}


def read(
    runner: DuckdbRunner, *names: str, subject: str = "contact", when: datetime = NOW, **tables: Any
) -> dict[str, dict[str, Any]]:
    """Each subject's features by name; None is unknown."""
    fields = ("industry", "email_domain", "Plan", "stage")
    features = [Feature(name=n, nature=Nature.CATEGORY if n.endswith(fields) else Nature.NUMBER) for n in names]
    layout = Layout.of(features, subject)
    frame = feature_frame(as_known(snapshot(runner, **tables), when), subject, layout, time_zone="UTC", runner=runner)
    rows = runner.to_arrow(frame.order_by("subject_id"))
    found = layout.read(rows)
    return {
        key: {name: value(found, name, position) for name in names}
        for position, key in enumerate(rows["subject_id"].to_pylist())
    }


def value(features: Features, name: str, row: int) -> Any:
    column = features[name]
    if isinstance(column, Categories):
        return column.levels[column.codes[row]] if column.codes[row] >= 0 else None
    assert isinstance(column, Numbers)
    return None if np.isnan(column.values[row]) else float(column.values[row])


class TestHappenings:
    def test_are_counted_by_window_in_local_days(self, runner: DuckdbRunner) -> None:
        found = read(
            runner,
            "events.page_view.7d",
            "events.page_view.30d",
            "events.page_view.ever",
            "events.page_view.days",
            contacts=[known("a"), known("b")],
            interactions=[happening("1", 0), happening("2", 6.4), happening("3", 6.6), happening("4", 100)],
        )
        assert list(found["a"].values()) == [2.0, 3.0, 4.0, 0.0], "6.6 days ago lies 7 local days back"
        assert list(found["b"].values()) == [0.0, 0.0, 0.0, None], "none counted, and none to take the days from"

    def test_are_told_apart_by_page_and_direction(self, runner: DuckdbRunner) -> None:
        found = read(
            runner,
            "events.page_view[/pricing].ever",
            "events.=outbound.ever",
            "events.call[connected].ever",
            contacts=[known("a")],
            interactions=[
                happening("1", 1, url_path="/pricing"),
                happening("2", 1, url_path="/"),
                happening("3", 1, type="call", outcome="connected", direction="outbound"),
            ],
        )
        assert list(found["a"].values()) == [1.0, 1.0, 1.0]

    def test_of_machines_and_of_later_are_left_out(self, runner: DuckdbRunner) -> None:
        flag = {"id": "f", "interaction_id": "2", "flag": "bot", "value": True, "recorded_at": at(2024, 6, 29)}
        late = happening("3", 1) | {"recorded_at": NOW + timedelta(days=1)}
        found = read(
            runner,
            "events.page_view.ever",
            contacts=[known("a")],
            interactions=[happening("1", 1), happening("2", 2), late, happening("4", -1)],
            interaction_flags=[flag],
        )
        assert found["a"] == {"events.page_view.ever": 1.0}

    def test_sum_amounts_of_the_companys_currency(self, runner: DuckdbRunner) -> None:
        found = read(
            runner,
            "orders.placed.amount_365d",
            "orders.placed.amount_ever",
            contacts=[known("a")],
            orders=[
                order("1", 10, 5),
                order("2", 400, 7, currency="EUR"),
                order("3", 10, 100, currency="USD"),
                order("4", 10, 900, status="cancelled"),
            ],
        )
        assert list(found["a"].values()) == [5.0, 12.0]

    def test_of_the_account_belong_to_its_contacts(self, runner: DuckdbRunner) -> None:
        deal = {"id": "d", "account_id": "x", "status": "won", "closed_at": at(2024, 6, 20)}
        found = read(
            runner,
            "account.deals.won.ever",
            "account.deals.won.days",
            contacts=[known("a", account_id="x"), known("b")],
            accounts=[known("x")],
            deals=[deal | {"created_at": at(2024, 2, 1), "recorded_at": at(2024, 2, 1)}],
        )
        assert list(found["a"].values()) == [1.0, 10.0]
        assert list(found["b"].values()) == [0.0, None]

    def test_of_a_table_that_no_source_fills_never_were(self, runner: DuckdbRunner) -> None:
        found = read(runner, "cases.opened.ever", "cases.opened.days", contacts=[known("a")])
        assert list(found["a"].values()) == [0.0, None]


class TestFields:
    def test_are_numbers_days_and_texts(self, runner: DuckdbRunner) -> None:
        found = read(
            runner,
            "contact.created_at",
            "account.industry",
            "account.employees",
            "contact.email_domain",
            "contact.Visits",
            "contact.Plan",
            contacts=[
                known("a", account_id="x", email="a@gmail.com", properties='{"Visits": "2.5", "Plan": "pro"}'),
                known("b", email="b@acme.example", properties='{"Visits": "many"}'),
            ],
            accounts=[known("x", industry="software", employees=12)],
        )
        assert list(found["a"].values()) == [181.0, "software", 12.0, "free mail", 2.5, "pro"]
        assert list(found["b"].values()) == [181.0, None, None, "company", None, None]

    def test_hold_what_was_known_then(self, runner: DuckdbRunner) -> None:
        def entry(key: str, stage: str, since: datetime) -> dict[str, Any]:
            own = {"id": key, "entity": "contact", "entity_id": "a", "attribute": "lifecycle_stage", "value": stage}
            return {**own, "valid_from": since, "recorded_at": since}

        told = {
            "contacts": [known("a", lifecycle_stage="customer")],
            "attribute_history": [
                entry("1", "lead", at(2024, 1, 1)),
                entry("2", "sql", at(2024, 3, 1)),
                entry("3", "customer", at(2024, 5, 1)),
            ],
        }
        name = "contact.lifecycle_stage"
        assert read(runner, name, when=at(2024, 4, 1), **told)["a"] == {name: "sql"}
        assert read(runner, name, **told)["a"] == {name: "customer"}

    def test_of_a_deal_tell_how_often_it_slipped(self, runner: DuckdbRunner) -> None:
        history = [
            {
                "id": str(n),
                "entity": "deal",
                "entity_id": "d",
                "attribute": "expected_close_date",
                "value": day,
                "valid_from": at(2024, 2, n + 1),
                "recorded_at": at(2024, 2, n + 1),
            }
            for n, day in enumerate(("2024-05-01", "2024-06-01", "2024-05-15", "2024-07-10"))
        ]
        found = read(
            runner,
            "changes.expected_close_date[slipped].ever",
            "deal.expected_close_date",
            subject="deal",
            deals=[known("d")],
            attribute_history=history,
        )
        assert list(found["d"].values()) == [2.0, -10.0], "twice later, once earlier; ten days to go"


class TestPlan:
    @pytest.fixture
    def plan(self, runner: DuckdbRunner) -> Any:
        contacts = [
            known(
                f"c{n}",
                email=f"c{n}@x.example",
                first_name=f"Name {n}",
                gender="f" if n % 2 else "m",
                city=f"City {n}",
                lifecycle_stage="lead" if n % 3 else "sql",
                lead_source="web" if n % 4 else "fair",
                properties=f'{{"Lead Number": "{1000 + n}", "Plan": "{"a" if n % 5 else "b"}", "it\'s": "x"}}',
            )
            for n in range(100)
        ]
        interactions = [happening(str(n), n, contact_id=f"c{n}", url_path="/") for n in range(30)]
        view = as_known(snapshot(runner, contacts=contacts, interactions=interactions), NOW)
        return feature_plan(view, "contact", runner=runner, omit=("events.page_view[/]",), keep=())

    def test_takes_what_is_filled_and_varies(self, plan: Any) -> None:
        names = {f.name: f.nature for f in plan.features}
        assert names["contact.lead_source"] is Nature.CATEGORY
        assert names["contact.Plan"] is Nature.CATEGORY
        assert names["events.page_view.30d"] is Nature.NUMBER

    def test_says_why_the_others_are_left_out(self, plan: Any) -> None:
        told = plan.left_out
        assert told["contact.first_name"] == "names one record"
        assert told["contact.gender"].startswith("protected by law")
        assert told["contact.city"] == "100 different values"
        assert told["contact.lifecycle_stage"].startswith("no history")
        assert told["contact.Lead Number"] == "numbers the records"
        assert told["contact.it's"].startswith("its name holds quotes")
        assert told["events.page_view[/].30d"] == "left out by the definition"


def test_names_say_what_is_measured() -> None:
    feature = Feature(name="account.deals.won.amount_365d", nature=Nature.NUMBER)
    assert feature.words == "amount of account deals won in the last 365 days"
    assert Feature(name="contact.created_at", nature=Nature.NUMBER).words == "days since created"
    assert Feature(name="events.page_view[/pricing].days", nature=Nature.NUMBER).told(5) == (
        "last of page view /pricing 5 days ago"
    )
    assert Feature(name="events.call.30d", nature=Nature.NUMBER).told(2) == "2 × call in the last 30 days"
    assert Feature(name="contact.created_at", nature=Nature.NUMBER).told(1) == "created 1 day ago"
    assert Feature(name="deal.expected_close_date", nature=Nature.NUMBER).told(-3) == "deal expected close in 3 days"
    assert family_words("events.page_view[/pricing]") == "page view /pricing"
    term = term_of("events.page_view[/v1.2/x].30d")
    assert term is not None
    assert (term.what, term.window, term.name) == ("page_view[/v1.2/x]", 30, "events.page_view[/v1.2/x].30d")
