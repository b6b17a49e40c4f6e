"""Combined scores, also through the account, are the same on every engine."""

from __future__ import annotations

from typing import Any

import pytest

from crm_rows import at, snapshot
from plain_kind import PageViews
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.combined.kind import CombinedKind
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
BORN = {"created_at": at(2023, 1, 1), "recorded_at": at(2023, 1, 1)}
KIND = CombinedKind({**KINDS, "points": PageViews()})


def _part(name: str, subject: str) -> str:
    groups = "{g: {type: engagement, criteria: [{name: v, points: 10, per: {event: page_view}}]}}"
    return f"{name}: {{name: {name}, subject: {subject}, kind: points, range: [0, 300], groups: {groups}}}"


RULE = parse_definition(
    f"{{name: both, subject: contact, kind: combined, range: [0, 90], scores: {{{_part('views', 'contact')},"
    f" {_part('company', 'account')}}}, parts: [{{score: views, weight: 0.3333}}, {{score: company, weight: 0.7,"
    " scale: range}], exceptions: [{name: users, when: {field: contact.role, is: user}, at_least_value: 12.5}]}"
)


def told(runner: Runner) -> tuple[Any, Any]:
    contacts = [
        {"id": f"c{n:02}", "account_id": f"a{n % 5}" if n % 4 else None, "role": "user" if n % 3 else None, **BORN}
        for n in range(30)
    ]
    views = [
        {"id": f"i{n}", "contact_id": f"c{n * 7 % 27:02}", "type": "page_view", "occurred_at": at(2024, 5, 1 + n % 28)}
        | {"recorded_at": at(2024, 5, 1 + n % 28)}
        for n in range(120)
    ]
    accounts = [{"id": f"a{n}", **BORN} for n in range(5)]
    view = as_known(snapshot(runner, accounts=accounts, contacts=contacts, interactions=views), NOW)
    scores, run = KIND.everyone(RULE, view, runner=runner)
    rows = sorted(runner.to_arrow(scores).to_pylist(), key=lambda row: str(row["subject_id"]))
    return rows, KIND.explain(RULE, view, subject_ids=["c01", "c04", "c29"], runner=runner, run=run)


def test_scores_and_reasons(engine: Runner, runner: DuckdbRunner) -> None:
    found = told(engine)
    assert found == told(runner)
    assert len({row["value"] for row in found[0]}) > 6
