"""What is learnt of purchases, the offers and the best hour are the same on every engine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kind import everyone
from rapport.engine.scores.kinds import KINDS

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
BORN = {"created_at": at(2022, 1, 1), "recorded_at": at(2022, 1, 1)}
RULE = parse_definition(
    "{name: n, subject: contact, kind: next_purchase, of: category, shrinkage: 5, range: [0, 1000],"
    " value: expected_value, best_time: {segment: contact.country, shrinkage: 3}}"
)


def told(runner: Runner) -> tuple[Any, Any, Any]:
    contacts = [{"id": f"c{n:02}", "country": ["SE", "IN", None][n % 3], **BORN} for n in range(40)]
    products = [{"id": f"p{n}", "category": f"k{n % 5}", **BORN} for n in range(10)]
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for n in range(160):
        when = NOW - timedelta(hours=n * 131 % 9000)
        known = {"recorded_at": when}
        orders.append({"id": f"o{n}", "contact_id": f"c{n % 37:02}", "ordered_at": when, "status": "paid", **known})
        bought = {"order_id": f"o{n}", "product_id": f"p{(n * n // 7 + n) % 10}", "quantity": 2.0, **known}
        lines.append({"id": f"l{n}", "unit_price": 5 + n % 7, **bought})
        calls.append({"id": f"i{n}", "contact_id": f"c{n * 3 % 40:02}", "type": "call", "occurred_at": when, **known})
    tables = {"contacts": contacts, "products": products, "orders": orders, "order_lines": lines}
    view = as_known(snapshot(runner, time_zone="Asia/Kathmandu", **tables, interactions=calls), NOW)
    kind = KINDS["next_purchase"]
    scores, run = everyone(kind, RULE, view, runner=runner)
    rows = sorted(runner.to_arrow(scores).to_pylist(), key=lambda row: str(row["subject_id"]))
    reasons = kind.explain(RULE, view, subject_ids=["c01", "c02", "c39"], runner=runner, run=run)
    return rows, reasons, run.model


def test_scores_and_reasons(engine: Runner, runner: DuckdbRunner) -> None:
    found = told(engine)
    assert found == told(runner)
    assert len({row["value"] for row in found[0]}) > 5
    assert len({row["matrix"] for row in found[0]}) > 2
