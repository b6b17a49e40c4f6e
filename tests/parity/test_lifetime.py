"""Lifetime scores give the same figures on every engine, from purchases and from contracts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm_rows import at
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.lifetime.equity import customer_equity
from shoppers import DAY, company, contract, order, person

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
SINCE = at(2020, 1, 1)
BUYERS = parse_definition("{name: clv, subject: contact, kind: lifetime, cohorts: [contact.lead_source]}")
SUBSCRIBERS = parse_definition("{name: clv, subject: account, kind: lifetime, purchases: contracts, measure: value}")


def shop(runner: Runner) -> Snapshot:
    """Ninety contacts, one of whom bought nothing; two currencies, a refund, orders about midnight in Kathmandu."""
    people = [person(f"c{n:02}", SINCE, lead_source=("web", "fair", None)[n % 3]) for n in range(90)]
    orders: list[dict[str, Any]] = []
    for n in range(89):
        for k in range(1 + n % 5):
            when = NOW - timedelta(days=(n * 37 + k * (11 + n % 13)) % 500, hours=k * 7 % 24)
            currency = "SEK" if (n + k) % 11 == 0 else "EUR"
            orders.append(order(f"c{n:02}", when, 5.0 + n * 13 % 29, key=f"o{n:02}{k}", currency=currency))
    refund = {"id": "r1", "order_id": "o041", "amount": Decimal(3), "refunded_at": NOW, "recorded_at": NOW}
    rate = {"id": "x", "date": date(2023, 1, 1), "currency": "SEK", "per_base": Decimal("11.25"), "recorded_at": SINCE}
    return company(
        runner, time_zone="Asia/Kathmandu", contacts=people, orders=orders, refunds=[refund], exchange_rates=[rate]
    )


def contracts(runner: Runner) -> Snapshot:
    """Forty-one accounts: contracts of two plans; four are lost, four have one without an amount, one never signed."""
    rows: list[dict[str, Any]] = []
    for n in range(40):
        begun = NOW - (100 + 23 * n) * DAY
        over = n % 4 == 0
        own = {"account_id": f"a{n:02}", "contact_id": None, "plan": ("Team", "Business")[n % 2]}
        rows.append(contract(f"k{n:02}", "", begun, ended_at=begun + 95 * DAY if over else None, **own))
        if n % 8 == 0:
            rows[-1]["renewed_by_contract_id"] = f"n{n:02}"
            rows.append(contract(f"n{n:02}", "", begun + 95 * DAY, **own))
        if n % 5 == 1:
            amount = None if n % 10 == 1 else Decimal("49.9900")
            rows.append(contract(f"m{n:02}", "", begun + 10 * DAY, **own) | {"monthly_amount": amount})
    accounts = [person(f"a{n:02}", SINCE) for n in range(41)]
    return company(runner, time_zone="America/New_York", accounts=accounts, contracts=rows)


def told(runner: Runner, snap: Snapshot, rule: Any) -> tuple[list[dict[str, Any]], Any, Any]:
    kind, view = KINDS[rule.kind], as_known(snap, NOW)
    run = kind.population(rule, view, runner=runner)
    rows = runner.to_arrow(kind.score(rule, view, runner=runner, run=run)).to_pylist()
    some = [row["subject_id"] for row in rows if row["value"] is not None][:1]
    reasons = kind.explain(rule, view, subject_ids=some, runner=runner, run=run)
    return sorted(rows, key=lambda row: str(row["subject_id"])), run, reasons


@pytest.mark.parametrize(("make", "rule", "nulls"), [(shop, BUYERS, 1), (contracts, SUBSCRIBERS, 9)])
def test_scores_runs_and_reasons(engine: Runner, runner: DuckdbRunner, make: Any, rule: Any, nulls: int) -> None:
    rows, run, reasons = told(engine, make(engine), rule)
    expected_rows, expected_run, _ = told(runner, make(runner), rule)
    assert rows == expected_rows
    assert run.to_json() == expected_run.to_json()
    assert sum(row["value"] is None for row in rows) == nulls
    who = next(iter(reasons))
    view = as_known(make(runner), NOW)
    again = KINDS[rule.kind].explain(rule, view, subject_ids=[who], runner=runner, run=expected_run)
    assert reasons[who] == again[who]


def test_equity(engine: Runner, runner: DuckdbRunner) -> None:
    found = [customer_equity(BUYERS, as_known(shop(on), NOW), runner=on) for on in (engine, runner)]
    assert found[0] == found[1]
    assert {part.label for part in found[0].cohorts} == {"web", "fair", "unknown"}
