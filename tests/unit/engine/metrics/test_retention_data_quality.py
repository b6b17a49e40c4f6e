"""Data quality: cells that are required, cells that are valid, and rules without data."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Only, Period, measure
from rapport.engine.metrics.quality.rules import RULES, Aspect
from tiny_company import Company, changed, utc

NOW = utc("2024-06-30 12:00")
JUNE = Period.month(2024, 6)

CONTACTS = (
    {"id": "p1", "created_at": "2024-01-01", "email": "ann@x.se", "country": "SE", "source": "web"},
    {"id": "p2", "created_at": "2024-01-01", "email": "bo@@x", "country": "SE", "source": "web"},
    {"id": "p3", "created_at": "2024-01-01", "email": "Cy@x.se ", "country": None, "source": "fair"},
    {"id": "p4", "created_at": "2024-01-01", "email": "cy@x.se", "country": "NO", "source": "fair"},
    {"id": "p5", "created_at": "2024-01-01", "email": None, "country": "NO", "source": "fair"},
)


def shares(snapshot: Snapshot, runner: DuckdbRunner, by: str, metric: str = "fully_valid_share") -> dict[str, float]:
    values = measure([metric], snapshot, period=JUNE, as_of=NOW, runner=runner, by=[by])
    return {str(v.dimensions[by]): float(v.value) for v in values if v.value is not None}


def test_cells_by_hand(company: Company, runner: DuckdbRunner) -> None:
    """Required: email and country of all five. Valid: p1 both, p2 country, p3 none, p4 country, p5 country: 5 of 10."""
    snapshot = company(contacts=CONTACTS)
    found = measure(
        ["data_quality_score", "data_quality_score_cells", "fully_valid_share"],
        snapshot,
        period=JUNE,
        as_of=NOW,
        runner=runner,
    )
    score, cells, whole = found
    assert score.value == pytest.approx(0.5)
    assert (cells.numerator, cells.denominator) == (5, 10)
    assert (whole.numerator, whole.denominator) == (1, 5)
    assert shares(snapshot, runner, "source", "data_quality_score") == pytest.approx({"web": 3 / 4, "fair": 2 / 6})


def test_each_rule_is_told_where_it_applies(company: Company, runner: DuckdbRunner) -> None:
    snapshot = company(contacts=CONTACTS)
    assert shares(snapshot, runner, "rule") == pytest.approx(
        {
            "contacts.email completeness": 4 / 5,
            "contacts.email validity": 3 / 4,
            "contacts.email uniqueness": 2 / 4,
            "contacts.country completeness": 4 / 5,
        }
    )
    assert set(shares(snapshot, runner, "aspect")) == {"completeness", "validity", "uniqueness"}


def test_objects_count_once_each(company: Company, runner: DuckdbRunner) -> None:
    """Contacts 5 of 10 cells, the only account all of its own: (0.5 + 1) / 2, by cells 6 of 11."""
    snapshot = company(contacts=CONTACTS, accounts=[{"id": "a", "created_at": "2024-01-01", "name": "Ada"}])
    score, cells = measure(
        ["data_quality_score", "data_quality_score_cells"], snapshot, period=JUNE, as_of=NOW, runner=runner
    )
    assert score.value == pytest.approx(0.75)
    assert cells.value == pytest.approx(6 / 11)
    accounts = measure(
        ["data_quality_score"], snapshot, period=JUNE, as_of=NOW, runner=runner, filters=[Only("object", ("accounts",))]
    )
    assert accounts[0].value == 1


def test_deals_are_asked_what_their_state_asks_for(company: Company, runner: DuckdbRunner) -> None:
    deals: list[dict[str, object]] = [
        {"id": "d1", "status": "open", "amount": 10, "expected_close_date": date(2024, 7, 1)},
        {"id": "d2", "status": "open", "amount": -1, "expected_close_date": date(2024, 6, 29)},
        {"id": "d3", "status": "won", "amount": None, "closed_at": "2024-02-01"},
        {"id": "d4", "status": "lost", "amount": None, "closed_at": "2023-02-01", "lost_reason": "price"},
        {"id": "d5", "status": "lost", "amount": None, "lost_reason": None},
    ]
    snapshot = company(deals=[{"created_at": "2024-01-01", **deal} for deal in deals])
    assert shares(snapshot, runner, "rule") == pytest.approx(
        {
            "deals.amount completeness": 2 / 3,
            "deals.amount validity": 1 / 2,
            "deals.expected_close_date completeness": 1,
            "deals.expected_close_date timeliness": 1 / 2,
            "deals.closed_at completeness": 2 / 3,
            "deals.closed_at consistency": 1 / 2,
            "deals.lost_reason completeness": 1 / 2,
        }
    )


def test_a_mended_record_was_broken_before(company: Company, runner: DuckdbRunner) -> None:
    history = [
        changed("contact", "p1", "email", "ann", "2024-01-01"),
        changed("contact", "p1", "email", "ann@x.se", "2024-05-10"),
    ]
    contacts = [{"id": "p1", "created_at": "2024-01-01"}]
    values = measure(
        ["fully_valid_share"],
        company(contacts=contacts, attribute_history=history),
        period=Period(date(2024, 4, 1), date(2024, 6, 1)),
        grain="month",
        as_of=NOW,
        runner=runner,
    )
    assert [v.value for v in values] == [0, 1]


def test_without_any_rule_that_has_data_it_is_unknown(company: Company, runner: DuckdbRunner) -> None:
    found = measure(
        ["data_quality_score", "fully_valid_share"],
        company(contacts=[{"id": "p1", "created_at": "2024-01-01"}]),
        period=JUNE,
        as_of=NOW,
        runner=runner,
    )
    assert [v.value for v in found] == [None, None]


@pytest.mark.parametrize(
    ("phone", "valid"),
    [("+46 (8) 123-45 67", 1), ("0046.8.1234567", 1), ("12345", 0), ("1234567890123456", 0), ("call me 1234567", 0)],
)
def test_phone_numbers(phone: str, valid: int, company: Company, runner: DuckdbRunner) -> None:
    contacts = [{"id": "p", "created_at": "2024-01-01", "phone": phone}]
    assert shares(company(contacts=contacts), runner, "rule") == {"contacts.phone validity": valid}


def test_rules_are_sound() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert {rule.aspect for rule in RULES} == set(Aspect)
    for rule in RULES:
        assert {rule.column, *rule.reads} <= set(TABLES[rule.table].columns)
        assert rule.says.endswith(".") or rule.says.endswith(").")
