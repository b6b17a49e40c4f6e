"""Contracts as relations, by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from crm_rows import at
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.lifetime.terms import terms, usual_term_months
from shoppers import company, contract, person

NOW = at(2024, 6, 30, 12)
SINCE = at(2020, 1, 1)
RULE: Any = parse_definition("{name: clv, subject: contact, kind: lifetime, purchases: contracts}")


def relations(
    runner: DuckdbRunner, contracts: list[dict[str, Any]], *, months: int = 12, rule: Any = RULE, **more: Any
) -> dict[str, dict[str, Any]]:
    snap = company(runner, **{"contacts": [person("a", SINCE)], "contracts": contracts, **more})
    rows = runner.to_arrow(terms(rule, as_known(snap, NOW), renewal_months=months)).to_pylist()
    return {row["id"]: row for row in rows}


def test_renewals_of_a_contract_that_runs_are_terms_that_are_over(runner: DuckdbRunner) -> None:
    found = relations(runner, [contract("k", "a", at(2022, 3, 15))])["k"]
    assert (found["running"], found["renewals"], found["renewals_by_now"]) == (True, 2, 2)
    assert (found["age_days"], found["monthly"], found["cohort"]) == (838, 1_000_000, "Team")


def test_contracts_that_renew_one_another_are_one_relation(runner: DuckdbRunner) -> None:
    chain = [
        contract("k1", "a", at(2021, 1, 1), ended_at=at(2022, 1, 1), renewed_by_contract_id="k2"),
        contract("k2", "a", at(2022, 1, 1), ended_at=at(2023, 1, 1), renewed_by_contract_id="k3"),
        contract("k3", "a", at(2023, 1, 1), plan="Business"),
    ]
    found = relations(runner, chain)
    assert list(found) == ["k3"]
    assert (found["k3"]["renewals"], found["k3"]["cohort"], found["k3"]["running"]) == (3, "Business", True)


@pytest.mark.parametrize(
    ("end", "renewals", "at_renewal"),
    [
        (at(2023, 1, 1), 0, True),  # on the day of the first renewal
        (at(2022, 12, 31), 0, True),  # the day before
        (at(2023, 1, 4), 0, True),  # three days after
        (at(2023, 1, 5), 1, False),  # after that it was renewed
        (at(2022, 7, 1), 0, False),  # within the term
        (at(2024, 1, 2), 1, True),
    ],
)
def test_an_end_about_a_renewal_is_an_end_at_it(
    runner: DuckdbRunner, end: datetime, renewals: int, at_renewal: bool
) -> None:
    found = relations(runner, [contract("k", "a", at(2022, 1, 1), ended_at=end)])["k"]
    assert (found["running"], found["renewals"], found["at_renewal"]) == (False, renewals, at_renewal)
    assert found["renewals_by_now"] == 2


def test_months_are_calendar_months(runner: DuckdbRunner) -> None:
    told = [contract("k", "a", at(2024, 1, 31)), contract("m", "a", at(2024, 5, 29))]
    found = relations(runner, told, months=1)
    # on 30 June less 4 days: 31 January + 4 months is 31 May, + 5 would be 1 July; 29 May + 1 month is 29 June
    assert (found["k"]["renewals"], found["m"]["renewals"]) == (4, 0)


def test_an_end_in_the_future_is_not_known(runner: DuckdbRunner) -> None:
    found = relations(runner, [contract("k", "a", at(2023, 1, 1), ended_at=NOW + timedelta(days=9))])["k"]
    assert found["running"]


def test_contracts_of_an_account_are_its_own_or_its_contacts(runner: DuckdbRunner) -> None:
    rule: Any = parse_definition("{name: clv, subject: account, kind: lifetime, purchases: contracts}")
    own = contract("k", "a", at(2023, 1, 1)) | {"contact_id": None, "account_id": "y"}
    found = relations(
        runner,
        [contract("m", "a", at(2023, 1, 1)), own],
        rule=rule,
        contacts=[person("a", SINCE, account_id="x")],
        accounts=[person("x", SINCE), person("y", SINCE)],
    )
    assert (found["m"]["subject_id"], found["k"]["subject_id"]) == ("x", "y")


def test_the_usual_term_is_the_commonest_one_agreed(runner: DuckdbRunner) -> None:
    contracts = [
        contract("k1", "a", at(2023, 1, 1), term_end_at=at(2023, 12, 31)),
        contract("k2", "a", at(2023, 1, 1), term_end_at=at(2024, 1, 1)),
        contract("k3", "a", at(2023, 1, 1), term_end_at=at(2023, 2, 1)),
        contract("k4", "a", at(2023, 1, 1)),
    ]
    snap = company(runner, contacts=[person("a", SINCE)], contracts=contracts)
    view = as_known(snap, NOW)
    assert usual_term_months(view, needed_by="a test", time_zone="UTC", runner=runner) == 12
    none = as_known(company(runner, contracts=contracts[3:]), NOW)
    assert usual_term_months(none, needed_by="a test", time_zone="UTC", runner=runner) == 1
