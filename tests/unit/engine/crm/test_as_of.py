"""What was known at an instant, and what is known now of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import AsOf, as_known, as_restated
from rapport.engine.errors import InternalError, MissingColumn, MissingTable
from rapport.engine.execution.duckdb import DuckdbRunner


def read(runner: DuckdbRunner, view: AsOf, table: str, *columns: str) -> list[dict[str, Any]]:
    rows = runner.to_arrow(view.table(table, needed_by="test", columns=columns))
    return sorted(rows.to_pylist(), key=lambda row: str(row["id"]))


def value(
    entity: str, entity_id: str, attribute: str, text: str | None, since: datetime, **more: Any
) -> dict[str, Any]:
    return {
        "id": f"{attribute}-{since:%Y%m%d}-{more.get('recorded_at', since):%Y%m%d}",
        "entity": entity,
        "entity_id": entity_id,
        "attribute": attribute,
        "value": text,
        "valid_from": since,
        "recorded_at": since,
    } | more


class TestRows:
    def test_an_order_learnt_later_is_not_known_but_is_restated(self, runner: DuckdbRunner) -> None:
        data = snapshot(runner, orders=[{"id": "o", "ordered_at": at(2024, 1, 1), "recorded_at": at(2024, 2, 1)}])
        assert read(runner, as_known(data, at(2024, 1, 15)), "orders") == []
        assert read(runner, as_restated(data, at(2024, 1, 15)), "orders") == [{"id": "o"}]
        assert read(runner, as_known(data, at(2024, 2, 1)), "orders") == [{"id": "o"}]

    def test_nothing_after_the_instant_counts_even_on_the_same_day(self, runner: DuckdbRunner) -> None:
        data = snapshot(
            runner, orders=[{"id": "o", "ordered_at": at(2024, 1, 1, 12), "recorded_at": at(2024, 1, 1, 12)}]
        )
        assert read(runner, as_restated(data, at(2024, 1, 1, 11, 59)), "orders") == []
        assert read(runner, as_restated(data, at(2024, 1, 1, 12)), "orders") == [{"id": "o"}]

    def test_a_row_without_one_of_the_two_instants_is_judged_by_the_other(self, runner: DuckdbRunner) -> None:
        data = snapshot(
            runner,
            orders=[{"id": "o", "ordered_at": at(2024, 1, 1)}],
            products=[{"id": "p", "recorded_at": at(2024, 3, 1)}],
        )
        assert read(runner, as_known(data, at(2023, 12, 31)), "orders") == []
        assert read(runner, as_known(data, at(2024, 1, 1)), "orders") == [{"id": "o"}]
        assert read(runner, as_known(data, at(2024, 2, 1)), "products") == []
        assert read(runner, as_known(data, at(2024, 3, 1)), "products") == [{"id": "p"}]

    def test_rows_that_do_not_say_when_they_happened_can_be_left_out(self, runner: DuckdbRunner) -> None:
        known = {"recorded_at": at(2024, 1, 1)}
        data = snapshot(runner, orders=[{"id": "undated"} | known, {"id": "o", "ordered_at": at(2024, 1, 1)} | known])
        for view in (as_known(data, at(2024, 1, 1)), as_restated(data, at(2024, 1, 1))):
            dated = view.table("orders", needed_by="this test", columns=["id"], dated=True)
            assert runner.to_arrow(dated).to_pylist() == [{"id": "o"}]
            assert len(read(runner, view, "orders")) == 2

    def test_deleted_rows_stand_until_they_are_deleted(self, runner: DuckdbRunner) -> None:
        contact = {"id": "c", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)}
        deleted = value("contact", "c", "deleted_at", "2024-03-01T00:00:00.000000+00:00", at(2024, 3, 1))
        data = snapshot(runner, contacts=[contact], attribute_history=[deleted])
        assert read(runner, as_known(data, at(2024, 2, 1)), "contacts") == [{"id": "c"}]
        assert read(runner, as_known(data, at(2024, 3, 2)), "contacts") == []

    def test_a_missing_table_says_who_needs_it(self, runner: DuckdbRunner) -> None:
        with pytest.raises(MissingTable, match="test needs the table deals"):
            read(runner, as_known(snapshot(runner, contacts=[]), at(2024, 1, 1)), "deals")

    def test_an_undeclared_column_is_refused_with_a_guess(self, runner: DuckdbRunner) -> None:
        with pytest.raises(MissingColumn, match="Did you mean 'email'"):
            read(runner, as_known(snapshot(runner, contacts=[]), at(2024, 1, 1)), "contacts", "emial")

    def test_an_instant_without_zone_is_refused(self, runner: DuckdbRunner) -> None:
        with pytest.raises(InternalError):
            as_known(snapshot(runner), datetime(2024, 1, 1))  # noqa: DTZ001


class TestValues:
    contact = {"id": "c", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1), "title": "what the row says now"}

    def titles(self, runner: DuckdbRunner, history: list[dict[str, Any]], view_of: Any, instant: datetime) -> Any:
        data = snapshot(runner, contacts=[self.contact], attribute_history=history)
        return read(runner, view_of(data, instant), "contacts", "title")[0]["title"]

    def test_are_read_from_history_never_from_the_row(self, runner: DuckdbRunner) -> None:
        history = [
            value("contact", "c", "title", "Buyer", at(2024, 2, 1)),
            value("contact", "c", "title", "Head", at(2024, 4, 1)),
        ]
        seen = [self.titles(runner, history, as_known, at(2024, month, 15)) for month in (1, 2, 4)]
        assert seen == [None, "Buyer", "Head"]

    def test_a_correction_learnt_later_is_hindsight(self, runner: DuckdbRunner) -> None:
        history = [
            value("contact", "c", "title", "Buyer", at(2024, 2, 1)),
            value("contact", "c", "title", "Head", at(2024, 2, 1), recorded_at=at(2024, 6, 1)),
        ]
        assert self.titles(runner, history, as_known, at(2024, 3, 1)) == "Buyer"
        assert self.titles(runner, history, as_restated, at(2024, 3, 1)) == "Head"
        assert self.titles(runner, history, as_known, at(2024, 6, 1)) == "Head"

    def test_an_emptied_value_is_null(self, runner: DuckdbRunner) -> None:
        history = [
            value("contact", "c", "title", "Buyer", at(2024, 2, 1)),
            value("contact", "c", "title", None, at(2024, 3, 1)),
        ]
        assert self.titles(runner, history, as_known, at(2024, 4, 1)) is None

    def test_without_any_history_table_the_rows_own_values_hold(self, runner: DuckdbRunner) -> None:
        data = snapshot(runner, contacts=[self.contact])
        assert read(runner, as_known(data, at(2024, 1, 2)), "contacts", "title")[0]["title"] == "what the row says now"

    def test_custom_fields_have_a_history_too(self, runner: DuckdbRunner) -> None:
        history = [value("contact", "c", "properties.plan.tier", "gold", at(2024, 2, 1))]
        data = snapshot(runner, contacts=[self.contact], attribute_history=history)
        row = read(runner, as_known(data, at(2024, 2, 2)), "contacts", "properties.plan.tier")[0]
        assert row["properties.plan.tier"] == "gold"

    def test_money_keeps_seventeen_digits(self, runner: DuckdbRunner) -> None:
        deal = {"id": "d", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)}
        history = [value("deal", "d", "amount", "1234567890123.4567", at(2024, 1, 1))]
        data = snapshot(runner, deals=[deal], attribute_history=history)
        assert read(runner, as_known(data, at(2024, 1, 2)), "deals", "amount")[0]["amount"] == Decimal(
            "1234567890123.4567"
        )


class TestMilestones:
    deal = {"id": "d", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1), "closed_at": at(2024, 3, 1)}

    def closed(self, runner: DuckdbRunner, history: list[dict[str, Any]], instant: datetime) -> Any:
        other = value("deal", "other", "stage", "x", at(2023, 1, 1))
        data = snapshot(runner, deals=[self.deal], attribute_history=[other, *history])
        return read(runner, as_known(data, instant), "deals", "closed_at")[0]["closed_at"]

    def test_are_unknown_before_they_happen(self, runner: DuckdbRunner) -> None:
        assert self.closed(runner, [], at(2024, 2, 28)) is None
        assert self.closed(runner, [], at(2024, 3, 1)) == at(2024, 3, 1)

    def test_a_reopened_deal_is_open_again(self, runner: DuckdbRunner) -> None:
        reopened = value("deal", "d", "closed_at", None, at(2024, 4, 1))
        assert self.closed(runner, [reopened], at(2024, 3, 15)) == at(2024, 3, 1)
        assert self.closed(runner, [reopened], at(2024, 4, 2)) is None


class TestIdentity:
    people = [
        {"id": "anna", "created_at": at(2022, 5, 1), "recorded_at": at(2024, 1, 1)},
        {"id": "ann", "created_at": at(2023, 1, 1), "recorded_at": at(2024, 1, 1)},
        {"id": "a", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)},
    ]
    orders = [{"id": "o", "contact_id": "anna", "ordered_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)}]

    @staticmethod
    def link(from_id: str, to_id: str, kind: str, recorded: datetime) -> dict[str, Any]:
        return {
            "id": f"{from_id}-{recorded:%m}",
            "entity": "contact",
            "from_id": from_id,
            "to_id": to_id,
            "kind": kind,
            "recorded_at": recorded,
        }

    def test_chains_lead_to_the_last_survivor_who_is_as_old_as_the_oldest(self, runner: DuckdbRunner) -> None:
        links = [self.link("anna", "ann", "merge", at(2024, 2, 1)), self.link("ann", "a", "merge", at(2024, 3, 1))]
        data = snapshot(runner, contacts=self.people, orders=self.orders, identity_links=links)
        view = as_known(data, at(2024, 4, 1))
        assert read(runner, view, "contacts", "created_at") == [{"id": "a", "created_at": at(2022, 5, 1)}]
        assert read(runner, view, "orders", "contact_id") == [{"id": "o", "contact_id": "a"}]

    def test_links_learnt_later_do_not_count_as_known(self, runner: DuckdbRunner) -> None:
        links = [self.link("anna", "a", "merge", at(2024, 6, 1))]
        data = snapshot(runner, contacts=self.people, orders=self.orders, identity_links=links)
        before = read(runner, as_known(data, at(2024, 5, 1)), "orders", "contact_id")
        assert before == [{"id": "o", "contact_id": "anna"}]
        restated = read(runner, as_restated(data, at(2024, 5, 1)), "orders", "contact_id")
        assert restated == [{"id": "o", "contact_id": "a"}]

    def test_an_unmerge_takes_the_merge_back(self, runner: DuckdbRunner) -> None:
        links = [self.link("anna", "a", "merge", at(2024, 2, 1)), self.link("anna", "a", "unmerge", at(2024, 3, 1))]
        data = snapshot(runner, contacts=self.people, orders=self.orders, identity_links=links)
        assert len(read(runner, as_known(data, at(2024, 4, 1)), "contacts")) == 3
        assert read(runner, as_known(data, at(2024, 4, 1)), "orders", "contact_id")[0]["contact_id"] == "anna"

    def test_an_anonymous_visitor_becomes_the_contact(self, runner: DuckdbRunner) -> None:
        visit = {
            "id": "i",
            "type": "page_view",
            "anonymous_id": "cookie",
            "occurred_at": at(2024, 1, 1),
            "recorded_at": at(2024, 1, 1),
        }
        links = [self.link("cookie", "ann", "identify", at(2024, 2, 1)), self.link("ann", "a", "merge", at(2024, 3, 1))]
        data = snapshot(runner, interactions=[visit], identity_links=links)
        seen = [
            read(runner, as_known(data, at(2024, month, 15)), "interactions", "contact_id")[0]["contact_id"]
            for month in (1, 2, 3)
        ]
        assert seen == [None, "ann", "a"]
