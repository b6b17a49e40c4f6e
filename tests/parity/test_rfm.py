"""RFM, percentiles, trends and a backtest give the same figures on every engine."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.backtest import backtest
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.trend import with_trend
from told_scores import contacts, order

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
RFM = parse_definition(
    "{name: rfm, subject: contact, kind: rfm, outcome: {event: order_placed, within_days: 30, repeatable: true}}"
)


def company(runner: Runner) -> Snapshot:
    """Sixty contacts, three of whom bought nothing; ties, a refund and a contact without amounts."""
    people = [f"c{n:02}" for n in range(60)]
    orders: list[dict[str, Any]] = []
    for n in range(200):
        when = NOW - timedelta(days=n * 7 % 139, hours=n % 24)
        amount = None if n % 57 == 5 else Decimal(n * 13 % 29) / 4
        orders.append(order(people[n % 57], when, amount=amount))
    refund = {"id": "r1", "order_id": orders[0]["id"], "amount": Decimal(9), "refunded_at": NOW, "recorded_at": NOW}
    return snapshot(runner, time_zone="Asia/Kathmandu", contacts=contacts(people), orders=orders, refunds=[refund])


def scores(runner: Runner) -> list[dict[str, Any]]:
    view = as_known(company(runner), NOW)
    rows: list[dict[str, Any]] = runner.to_arrow(KINDS["rfm"].score(RFM, view, runner=runner)).to_pylist()
    return sorted(rows, key=lambda row: str(row["subject_id"]))


def test_scores_and_ranks(engine: Runner, runner: DuckdbRunner) -> None:
    found = scores(engine)
    assert found == scores(runner)
    assert sum(row["value"] is None for row in found) == 4


def test_reasons(engine: Runner, runner: DuckdbRunner) -> None:
    told = [
        KINDS["rfm"].explain(RFM, as_known(company(on), NOW), subject_ids=["c01", "c05", "c59"], runner=on)
        for on in (engine, runner)
    ]
    assert told[0] == told[1]
    assert told[0]["c01"].value is not None


def test_trends(engine: Runner) -> None:
    def values(**by_subject: str) -> Any:
        told = pa.array([Decimal(v) for v in by_subject.values()], pa.decimal128(18, 6))
        return engine.from_arrow(pa.table({"subject_id": list(by_subject), "value": told}))

    now, then = values(a="50", b="50", c="-7.5", d="1"), values(a="45", b="45.000001", c="7.5", e="1")
    rows = engine.to_arrow(with_trend(now, then, days=7, score_range=(Decimal(-50), Decimal(50))))
    found = {row["subject_id"]: (row["change_7d"], row["trend_7d"]) for row in rows.to_pylist()}
    assert found == {
        "a": (Decimal(5), "rising"),
        "b": (Decimal("4.999999"), "steady"),
        "c": (Decimal(-15), "falling"),
        "d": (None, None),
    }


def test_a_backtest(engine: Runner, runner: DuckdbRunner) -> None:
    cut_offs = [NOW - timedelta(days=60), NOW - timedelta(days=31)]
    reports = [
        backtest(RFM, company(on), cut_offs=cut_offs, now=NOW, runner=on, capacity=10).to_dict()
        for on in (engine, runner)
    ]
    assert reports[0] == reports[1]
    assert reports[0]["conversion"]["events"] > 0  # type: ignore[index]
