"""Whose event it is, and when it happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.events import events, table_of
from rapport.engine.errors import DefinitionError, MissingTable
from rapport.engine.execution.duckdb import DuckdbRunner

NOW = at(2024, 6, 12)
OLD = at(2024, 1, 1)


def company(runner: DuckdbRunner) -> AsOf:
    def touch(name: str, kind: str = "page_view", **more: Any) -> dict[str, Any]:
        return {"id": name, "type": kind, "occurred_at": OLD, "recorded_at": OLD, **more}

    def order(name: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "ordered_at": OLD, "recorded_at": OLD, **more}

    def deal(name: str, status: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "status": status, "created_at": OLD, "closed_at": NOW - timedelta(days=1), **more}

    return as_known(
        snapshot(
            runner,
            contacts=[{"id": "c1", "account_id": "a1", "created_at": OLD}, {"id": "c2", "created_at": OLD}],
            interactions=[
                touch("i1", contact_id="c1", deal_id="d1"),
                touch("i2", contact_id="c2", account_id="a1"),  # the contact has no account: not a1's
                touch("i3", account_id="a1"),
                touch("sent", "email_sent", contact_id="c1", direction="outbound"),
                touch("note", "note", contact_id="c1", direction="internal"),
                touch("later", contact_id="c1", occurred_at=NOW + timedelta(seconds=1)),
            ],
            orders=[
                order("o1", contact_id="c1", status="paid"),
                order("o2", contact_id="c1", status="cancelled"),
                order("o3", contact_id="c1", account_id="a2"),
            ],
            deals=[
                deal("d1", "won", contact_id="c1"),
                deal("d2", "won", account_id="a2", contact_id="c1"),
                deal("d3", "lost", contact_id="c1"),
                deal("d4", "won", contact_id="c1", closed_at=NOW + timedelta(days=1)),
            ],
        ),
        NOW,
    )


def ids(runner: DuckdbRunner, event: str, subject: str, subject_id: str) -> set[str]:
    rows = runner.to_arrow(events(company(runner), event, subject=subject)).to_pylist()
    return {row["id"] for row in rows if row["subject_id"] == subject_id}


@pytest.mark.parametrize(
    ("event", "subject", "subject_id", "expected"),
    [
        ("page_view", "contact", "c1", {"i1"}),
        ("page_view", "account", "a1", {"i1", "i3"}),
        ("page_view", "deal", "d1", {"i1"}),
        ("any", "contact", "c1", {"i1", "note"}),
        ("order_placed", "contact", "c1", {"o1", "o3"}),
        ("order_placed", "account", "a1", {"o1"}),
        ("order_placed", "account", "a2", {"o3"}),
        ("deal_won", "contact", "c1", {"d1", "d2"}),
        ("deal_won", "account", "a1", {"d1"}),
        ("deal_won", "deal", "d1", {"d1"}),
        ("deal_lost", "contact", "c1", {"d3"}),
    ],
)
def test_an_event_belongs_to_its_subject(
    runner: DuckdbRunner, event: str, subject: str, subject_id: str, expected: set[str]
) -> None:
    assert ids(runner, event, subject, subject_id) == expected


def test_a_won_deal_is_dated_by_its_closing(runner: DuckdbRunner) -> None:
    rows = runner.to_arrow(events(company(runner), "deal_won", subject="deal", columns=["status"])).to_pylist()
    assert {(row["occurred_at"], row["status"]) for row in rows} == {(NOW - timedelta(days=1), "won")}


def test_a_missing_table_is_named_with_who_needs_it(runner: DuckdbRunner) -> None:
    with pytest.raises(MissingTable, match="the score x needs the table campaign_members"):
        events(company(runner), "campaign_response", needed_by="the score x")


def test_a_deal_has_no_campaign_responses(runner: DuckdbRunner) -> None:
    with pytest.raises(DefinitionError, match="does not belong to a deal"):
        events(company(runner), "campaign_response", subject="deal")


def test_unknown_types_are_interactions() -> None:
    assert (table_of("our_own_event"), table_of("contract_ended")) == ("interactions", "contracts")
