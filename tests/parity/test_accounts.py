"""Accounts, their roll-up and its reasons are the same on every engine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_rows import at, snapshot
from plain_kind import PageViews
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.accounts.kind import AccountsKind
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
BORN = {"created_at": at(2023, 1, 1), "recorded_at": at(2023, 1, 1)}
KIND = AccountsKind({**KINDS, "points": PageViews()})
RULE = parse_definition(
    "{name: account, subject: account, kind: accounts, range: [0, 90], children: members, scores: {views: {name: views,"
    " subject: contact, kind: points, range: [0, 1000], groups: {g: {type: engagement, criteria:"
    " [{name: v, points: 10, per: {event: page_view}}]}}}}, roll_up: {score: views, how: mean, top: 4, otherwise: 0.7,"
    " decay: {half_life_days: 7}, position: {percent: 70}, weights: [{when: {field: contact.role, is: user},"
    " weight: 1.35}]}, buying_group: {score: views, engaged_from: 30, labels: [{label: some, from: 1},"
    " {label: none, from: 0}], roles: [{name: user, when: {field: contact.role, is: user}, at_least: 3, points: 10}]}}"
)


def told(runner: Runner) -> tuple[Any, Any]:
    accounts = [{"id": f"a{n}", "parent_account_id": f"a{n // 3}" if n else None, **BORN} for n in range(9)]
    contacts = [
        {"id": f"c{n:02}", "account_id": f"a{n % 8}", "role": "user" if n % 3 else None, "first_name": f"N{n}", **BORN}
        for n in range(40)
    ]
    interactions = []
    for n in range(200):
        when = NOW - timedelta(hours=n * 11 % 900)
        own = {"type": "page_view", "occurred_at": when, "recorded_at": when}
        interactions.append({"id": f"i{n}", "contact_id": f"c{n * 7 % 38:02}", **own})
    link = {"id": "l", "entity": "contact", "from_id": "c05", "to_id": "c06", "kind": "merge", **BORN}
    tables = {"accounts": accounts, "contacts": contacts, "interactions": interactions, "identity_links": [link]}
    view = as_known(snapshot(runner, time_zone="Asia/Kathmandu", **tables), NOW)
    scores, run = KIND.everyone(RULE, view, runner=runner)
    rows = sorted(runner.to_arrow(scores).to_pylist(), key=lambda row: str(row["subject_id"]))
    return rows, KIND.explain(RULE, view, subject_ids=["a0", "a1", "a8"], runner=runner, run=run)


def test_scores_and_reasons(engine: Runner, runner: DuckdbRunner) -> None:
    found = told(engine)
    assert found == told(runner)
    assert len({row["value"] for row in found[0]}) > 4
