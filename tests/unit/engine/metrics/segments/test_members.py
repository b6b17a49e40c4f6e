"""Who is in a segment, as of an instant."""

from __future__ import annotations

import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError, MissingTable
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics.segments.members import members
from rapport.engine.metrics.segments.spec import parse_segment
from tiny_company import arrow_rows, changed, utc

NOW = utc("2025-01-31")
CONTACTS = [
    {"id": "ann", "created_at": "2024-01-01", "account_id": "acme"},
    {"id": "bo", "created_at": "2024-01-01", "account_id": "tiny"},
    {"id": "cy", "created_at": "2025-01-30"},
]
ACCOUNTS = [{"id": "acme", "created_at": "2024-01-01"}, {"id": "tiny", "created_at": "2024-01-01"}]


def visit(contact: str, day: str, path: str = "/pricing") -> dict[str, object]:
    return {"contact_id": contact, "type": "page_view", "url_path": path, "occurred_at": day, "recorded_at": day}


def score(contact: str, day: str, value: int | None, band: str | None, cell: str | None = None) -> dict[str, object]:
    told = {"score": "fit", "subject": "contact", "subject_id": contact, "as_of": day, "recorded_at": day}
    return {**told, "value": value, "band": band, "matrix": cell, "computed_at": day}


@pytest.fixture
def crm(runner: DuckdbRunner) -> Snapshot:
    tables = {
        "contacts": CONTACTS,
        "accounts": ACCOUNTS,
        "attribute_history": [
            changed("contact", "ann", "account_id", "acme", "2024-01-01"),
            changed("contact", "bo", "account_id", "tiny", "2024-01-01"),
            changed("account", "acme", "employees", 400, "2024-01-01"),
            changed("account", "tiny", "employees", 4, "2024-01-01"),
            changed("account", "tiny", "employees", 90, "2025-01-01"),
            changed("account", "acme", "industry", "Retail", "2024-01-01"),
        ],
        "interactions": [visit("ann", "2025-01-20"), visit("ann", "2025-01-25"), visit("bo", "2025-01-25", "/jobs")],
        "score_values": [
            score("ann", "2024-06-01", 80, "A", "A1"),
            score("ann", "2025-01-01", 20, "C", "C3"),
            score("bo", "2024-06-01", 70, "A", "A2"),
            score("cy", "2025-01-30", None, None),
        ],
    }
    made = {name: runner.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()}
    return Snapshot(made, time_zone="UTC", currency="EUR")


def found(text: str, crm: Snapshot, runner: DuckdbRunner, at: str = "2025-01-31") -> set[str]:
    rows = members(parse_segment(text), as_known(crm, utc(at)), runner=runner)
    return set(runner.to_arrow(rows)["subject_id"].to_pylist())


def test_facts_count_as_they_were_at_the_instant(crm: Snapshot, runner: DuckdbRunner) -> None:
    large = "subject: contact\nwhen: {field: account.employees, at_least: 50}"
    assert found(large, crm, runner) == {"ann", "bo"}
    assert found(large, crm, runner, "2024-12-31") == {"ann"}


def test_what_they_did_counts_by_how_often_and_how_lately(crm: Snapshot, runner: DuckdbRunner) -> None:
    pricing = "{event: page_view, where: {field: url_path, is: /pricing}, within_days: 30, times: %d}"
    assert found(f"subject: contact\ndid: [{pricing % 1}]", crm, runner) == {"ann"}
    assert found(f"subject: contact\ndid: [{pricing % 2}]", crm, runner) == {"ann"}
    assert found(f"subject: contact\ndid: [{pricing % 3}]", crm, runner) == set()
    assert found(f"subject: contact\ndid: [{pricing % 1}]", crm, runner, "2025-01-10") == set()
    assert found(f"subject: contact\ndid: [{pricing % 0}]", crm, runner) == {"bo", "cy"}
    assert found("subject: contact\nwhen: {not: {no: {event: page_view}}}", crm, runner) == {"ann", "bo"}


def test_scores_count_by_their_newest_value_known_then(crm: Snapshot, runner: DuckdbRunner) -> None:
    best = "subject: contact\nscores: [{score: fit, bands: [A]}]"
    assert found(best, crm, runner) == {"bo"}
    assert found(best, crm, runner, "2024-07-01") == {"ann", "bo"}
    assert found("subject: contact\nscores: [{score: fit, cells: [C3, A2], below: 70}]", crm, runner) == {"ann"}
    assert found("subject: contact\nscores: [{score: fit, at_least: 70}]", crm, runner) == {"bo"}
    assert found("subject: contact\nscores: [{score: other, at_least: 0}]", crm, runner) == set()


def test_all_that_is_said_must_hold(crm: Snapshot, runner: DuckdbRunner) -> None:
    text = """
subject: contact
when: {field: account.employees, at_least: 50}
did: [{event: page_view}]
scores: [{score: fit, bands: [A]}]
"""
    assert found(text, crm, runner) == {"bo"}
    assert found("subject: account\nwhen: {field: account.industry, is: retail}", crm, runner) == {"acme"}


def test_what_no_source_tells_is_not_taken_for_no(crm: Snapshot, runner: DuckdbRunner) -> None:
    with pytest.raises(MissingTable, match="orders"):
        found("subject: contact\ndid: [{event: order_placed}]", crm, runner)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("subject: contact", "who is in it"),
        ("subject: contact\nwhen: {field: contact.nme, at_least: 3}\nwhat: 1", "not known"),
        ("subject: contact\nwhen: {field: nothing.here, is: 1}", "begins with its table"),
        ("subject: contact\nscores: [{score: fit}]", "told by bands"),
        ("subject: contact\ndid: [{event: page_view, times: -1}]", "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(text: str, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        parse_segment(text)


def test_a_definition_is_told_in_words() -> None:
    text = """
subject: contact
when: {all: [{field: account.industry, is: retail}, {segment: newsletter}]}
did: [{event: page_view, within_days: 30, times: 2}]
scores: [{score: lead_score, bands: [A, B]}]
"""
    definition = parse_segment(text)
    assert definition.words == (
        "account industry is retail and in the segment newsletter; "
        "page view at least 2 times in the last 30 days; lead score: in A, B"
    )
    assert definition.segments == ("newsletter",)
    assert definition.fields == ("account.industry",)
