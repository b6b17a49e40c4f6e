"""Scores of accounts and combined scores on random companies: reasons add up, order and merges change nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_rows import at, snapshot
from plain_kind import PageViews
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.accounts.kind import AccountsKind
from rapport.engine.scores.combined.kind import CombinedKind
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.exact import half_even, rounded, shares
from rapport.engine.scores.kinds import KINDS

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
BORN = at(2023, 1, 1)
PEOPLE, COMPANIES = ["a", "b", "c", "d", "e"], ["x", "y", "z"]
PARTS = {**KINDS, "points": PageViews()}
VIEWS = (
    "{views: {name: views, subject: contact, kind: points, range: [0, 1000], groups: "
    "{g: {type: engagement, criteria: [{name: v, points: 10, per: {event: page_view}}]}}}}"
)
ACCOUNT = parse_definition(
    f"{{name: account, subject: account, kind: accounts, range: [0, 500], children: members, scores: {VIEWS},"
    " roll_up: {score: views, how: mean, top: 3, decay: {half_life_days: 7}, position: {percent: 70}, otherwise: 0.7,"
    " weights: [{when: {field: contact.role, is: user}, weight: 1.35}]},"
    " buying_group: {score: views, engaged_from: 20, roles: [{name: user, when: {field: contact.role, is: user},"
    " at_least: 3, points: 10}]}}"
)
COMBINED = parse_definition(
    "{name: both, subject: contact, kind: combined, range: [0, 90],"
    f" scores: {VIEWS[:-1]}, account: {{name: account, subject: account, kind: accounts, range: [0, 500],"
    f" scores: {VIEWS}, roll_up: {{score: views}}}}}},"
    " parts: [{score: views, weight: 0.3333}, {score: account, weight: 0.7, scale: range}]}"
)

Seen = tuple[str, int]  # who, days ago
seen = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 60)), max_size=20)
homes = st.lists(st.sampled_from([*COMPANIES, None]), min_size=len(PEOPLE), max_size=len(PEOPLE))
few = settings(max_examples=2, deadline=None)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as runner:
        yield runner


def tables(views: list[Seen], of: list[str | None], *, people: list[str] = PEOPLE) -> dict[str, list[dict[str, Any]]]:
    born = {"created_at": BORN, "recorded_at": BORN}
    interactions = []
    for n, (who, days) in enumerate(views):
        when = NOW - timedelta(days=days)
        interactions.append(
            {"id": f"i{n}", "contact_id": who, "type": "page_view", "occurred_at": when, "recorded_at": when}
        )
    return {
        "accounts": [{"id": key, "parent_account_id": "x" if key == "y" else None, **born} for key in COMPANIES],
        "contacts": [
            {"id": who, "account_id": home, "role": "user" if who in "ace" else None, **born}
            for who, home in zip(people, of, strict=False)
        ],
        "interactions": interactions,
    }


def told(runner: DuckdbRunner, definition: Any, rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    kind = {"accounts": AccountsKind(PARTS), "combined": CombinedKind(PARTS)}[definition.kind]
    kind = type(kind)({**PARTS, "accounts": AccountsKind(PARTS)})
    view = as_known(snapshot(runner, **rows), NOW)
    scores, run = kind.everyone(definition, view, runner=runner)
    found = {row["subject_id"]: row for row in runner.to_arrow(scores).to_pylist()}
    reasons = kind.explain(definition, view, subject_ids=sorted(found), runner=runner, run=run)
    for key, row in found.items():
        assert reasons[key].value == row["value"]  # the lines add up, or there would be no explanation
        assert (row["value"] is None) == (row["reason_null"] is not None)
    return {key: (row, [(line.name, line.points) for line in reasons[key].lines]) for key, row in found.items()}


@pytest.mark.parametrize("definition", [ACCOUNT, COMBINED], ids=["accounts", "combined"])
@few
@given(views=seen, of=homes, seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(
    engine: DuckdbRunner, definition: Any, views: list[Seen], of: list[str | None], seed: int
) -> None:
    rows = tables(views, of)
    turned = {name: random.Random(seed).sample(some, len(some)) for name, some in rows.items()}
    assert told(engine, definition, rows) == told(engine, definition, turned)


@few
@given(views=seen, of=homes)
def test_a_merged_contact_is_one_that_did_everything_itself(
    engine: DuckdbRunner, views: list[Seen], of: list[str | None]
) -> None:
    merged = tables(views, of)
    link = {"id": "l", "entity": "contact", "from_id": "b", "to_id": "a", "kind": "merge", "recorded_at": BORN}
    alone = tables([("a" if who == "b" else who, days) for who, days in views], of)
    alone["contacts"] = [row for row in alone["contacts"] if row["id"] != "b"]
    assert told(engine, ACCOUNT, {**merged, "identity_links": [link]}) == told(engine, ACCOUNT, alone)


@few
@given(views=seen, of=homes, home=st.sampled_from(COMPANIES))
def test_a_contact_that_moved_is_one_that_was_always_there(
    engine: DuckdbRunner, views: list[Seen], of: list[str | None], home: str
) -> None:
    rows = tables(views, of)
    columns = (("contact", "contacts", "account_id"), ("contact", "contacts", "role"))
    history = [
        {
            "id": f"{column}{row['id']}",
            "entity": entity,
            "entity_id": row["id"],
            "attribute": column,
            "value": row[column],
        }
        | {"valid_from": BORN, "recorded_at": BORN}
        for entity, table, column in (*columns, ("account", "accounts", "parent_account_id"))
        for row in rows[table]
    ]
    moved = NOW - timedelta(days=1)
    change = {"id": "m", "entity": "contact", "entity_id": "a", "attribute": "account_id", "value": home}
    history.append({**change, "valid_from": moved, "recorded_at": moved})
    always = tables(views, [home, *of[1:]])
    assert told(engine, ACCOUNT, {**rows, "attribute_history": history}) == told(engine, ACCOUNT, always)


numbers = st.integers(-(10**12), 10**12)


@given(parts=st.lists(numbers, max_size=12), denominator=st.integers(1, 10**9))
def test_shares_add_up_and_each_is_near(parts: list[int], denominator: int) -> None:
    found = shares(parts, denominator)
    assert sum(found) == rounded(sum(parts), denominator)
    assert all(abs(share * denominator - part) <= denominator for share, part in zip(found, parts, strict=True))


@given(numerator=numbers, denominator=st.integers(1, 10**6))
def test_half_even_is_what_decimals_say(numerator: int, denominator: int) -> None:
    exact = Decimal(numerator) / Decimal(denominator)
    expected = int(exact.quantize(Decimal(1), rounding="ROUND_HALF_EVEN"))
    assert rounded(numerator, denominator) == expected
    assert half_even(np.array([numerator]), np.array([denominator])).tolist() == [expected]
    assert half_even(np.array([numerator], dtype=object), denominator).tolist() == [expected]
