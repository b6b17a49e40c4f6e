"""Survey scores and weighted measures are the same on every engine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kind import everyone
from rapport.engine.scores.kinds import KINDS

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
BORN = {"created_at": at(2023, 1, 1), "recorded_at": at(2023, 1, 1)}
NPS = "survey: {ask: nps, within_days: 300}"
CES = "survey: {ask: ces, answers: all}"
HEALTH = (
    "groups: {use: 2, service: 1}, check_against: {ask: nps}, measures: ["
    "{name: use, group: use, weight: 1.25, count: {event: product_use, within_days: 60}, levels: [[0, 5], [2, 60.5]]},"
    "{name: last, group: use, days_since: {event: any}, levels: [[0, 100], [20, 33.33], [50, 0]]},"
    "{name: cases, group: service, related: {table: cases, where: {field: status, is: open}},"
    " levels: [[0, 100], [1, 7]]}"
    "], exceptions: [{name: retailers, when: {field: account.industry, is: retail}, at_most_value: 71}]"
)


def company(runner: Runner) -> Snapshot:
    contacts = [{"id": f"c{n:02}", "account_id": f"a{n % 6}", **BORN} for n in range(50)]
    answers, used = [], []
    for n in range(90):
        when = NOW - timedelta(hours=n * 97 % 9000)
        ask, low, high = ("nps", 0, 10) if n % 3 else ("ces", 1, 7)
        own = {"answered_at": when, "recorded_at": when, "scale_min": low, "scale_max": high, "kind": ask}
        answers.append(
            {"id": f"s{n}", "contact_id": f"c{n % 50:02}", "score": float(low + n * 5 % (high + 1 - low)), **own}
        )
        event = {"type": "product_use", "occurred_at": when, "recorded_at": when}
        used.append({"id": f"i{n}", "contact_id": f"c{n * 3 % 50:02}", **event})
    cases = [
        {"id": f"k{n}", "account_id": f"a{n % 4}", "status": "open" if n % 3 else "solved", **BORN} for n in range(9)
    ]
    accounts = [{"id": f"a{n}", "industry": "retail" if n == 5 else None, **BORN} for n in range(7)]
    tables = {"accounts": accounts, "contacts": contacts, "survey_answers": answers}
    return snapshot(runner, time_zone="Asia/Kathmandu", **tables, interactions=used, cases=cases)


def told(runner: Runner, text: str) -> tuple[Any, Any, Any]:
    rule = parse_definition(f"{{name: s, subject: account, kind: satisfaction, {text}}}")
    kind, view = KINDS["satisfaction"], as_known(company(runner), NOW)
    scores, run = everyone(kind, rule, view, runner=runner)
    rows = sorted(runner.to_arrow(scores).to_pylist(), key=lambda row: str(row["subject_id"]))
    reasons = kind.explain(rule, view, subject_ids=["a0", "a5"], runner=runner, run=run)
    return rows, reasons, run.model


@pytest.mark.parametrize("text", [NPS, CES, HEALTH], ids=["nps", "ces", "health"])
def test_scores_and_reasons(engine: Runner, runner: DuckdbRunner, text: str) -> None:
    found = told(engine, text)
    assert found == told(runner, text)
    assert len({row["value"] for row in found[0]}) > 3
