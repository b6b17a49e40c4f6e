"""Churn scores, what is at stake and their backtest are the same on every engine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_rows import at
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.backtest import backtest
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.churn.kind import value_at_risk
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from shoppers import DAY, company, contract, order, person

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
SINCE = at(2020, 1, 1)
SILENT = parse_definition("{name: churn, subject: contact, kind: churn, model: bg_nbd, horizon_days: 40}")
ENDING = parse_definition("{name: churn, subject: contact, kind: churn, purchases: contracts, horizon_days: 40}")


def market(runner: Runner) -> Snapshot:
    """Fifty contacts with orders, thirty with contracts of a month."""
    people = [person(f"c{n:02}", SINCE) for n in range(50)]
    orders = [
        order(
            f"c{n:02}", NOW - timedelta(days=(n * 41 + k * (9 + n % 17)) % 400, hours=k), 4.0 + n % 9, key=f"o{n}-{k}"
        )
        for n in range(50)
        for k in range(1 + n % 4)
    ]
    signed = []
    for n in range(30):
        begun, lasted = NOW - (60 + 17 * n) * DAY, 31 * (1 + n * 7 % 9) * DAY
        signed.append(
            contract(f"k{n:02}", f"c{n:02}", begun, ended_at=begun + lasted if begun + lasted < NOW else None)
        )
    return company(runner, contacts=people, orders=orders, contracts=signed)


def scores(runner: Runner, rule: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    told = KINDS["churn"].score(rule, as_known(market(runner), NOW), runner=runner)
    rows = sorted(runner.to_arrow(told).to_pylist(), key=lambda row: str(row["subject_id"]))
    return rows, runner.to_arrow(value_at_risk(told)).to_pylist()


@pytest.mark.parametrize("rule", [SILENT, ENDING])
def test_scores_and_value_at_risk(engine: Runner, runner: DuckdbRunner, rule: Any) -> None:
    found = scores(engine, rule)
    assert found == scores(runner, rule)
    assert any(row["value"] is not None for row in found[0])


def test_a_backtest(engine: Runner, runner: DuckdbRunner) -> None:
    cut_offs = [NOW - 41 * DAY]
    reports = [
        backtest(SILENT, market(on), cut_offs=cut_offs, now=NOW, runner=on, baselines=()).to_dict()
        for on in (engine, runner)
    ]
    assert reports[0] == reports[1]
    assert reports[0]["conversion"]["events"] > 0  # type: ignore[index]
