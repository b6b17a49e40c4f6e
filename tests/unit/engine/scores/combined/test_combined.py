"""Scores made of other scores, by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crm_rows import arrow, at, snapshot
from plain_kind import PageViews
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.combined.kind import CombinedKind
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.population import PopulationRun

NOW = at(2024, 6, 30, 12)
BORN = at(2023, 1, 1)
QUICK = CombinedKind({**KINDS, "points": PageViews()})  # ten points for each page view


def part(name: str, *, subject: str = "contact", most: int = 100, more: str = "") -> str:
    groups = "{g: {type: engagement, criteria: [{name: v, points: 10, per: {event: page_view}}]}}"
    return (
        f"  {name}: {{name: {name}, subject: {subject}, kind: points, range: [0, {most}], {more} groups: {groups}}}\n"
    )


SCORES = (
    part("views") + part("few", most=200, more="audience: {include: [asked]},") + part("company", subject="account")
)


def company(runner: Runner) -> Snapshot:
    """Anna 30 and Bo 50 of North (80), Cleo 20 of none; only Anna was asked. Dan saw nothing."""
    seen = at(2024, 6, 1)
    people = {"anna": "north", "bo": "north", "cleo": None, "dan": "south"}
    views = [
        {"id": f"{who}{n}", "contact_id": who, "type": "page_view", "occurred_at": seen, "recorded_at": seen}
        for who, count in {"anna": 3, "bo": 5, "cleo": 2}.items()
        for n in range(count)
    ]
    born = {"created_at": BORN, "recorded_at": BORN}
    asked = {"id": "s", "segment": "asked", "subject": "contact", "subject_id": "anna", "entered_at": BORN}
    return snapshot(
        runner,
        accounts=[{"id": key, **born} for key in ("north", "south")],
        contacts=[
            {"id": who, "account_id": of, "title": "Head" if who == "bo" else None, **born}
            for who, of in people.items()
        ],
        interactions=views,
        segment_memberships=[asked],
    )


def definition(rest: str, *, scores: str = SCORES, subject: str = "contact") -> Any:
    text = f"name: whole\nsubject: {subject}\nkind: combined\nrange: [0, 100]\nscores:\n{scores}{rest}"
    return parse_definition(text)


def scored(runner: Runner, rest: str, **more: Any) -> dict[str, Any]:
    rule, view = definition(rest, **more), as_known(company(runner), NOW)
    run = QUICK.population(rule, view, runner=runner)
    rows = runner.to_arrow(QUICK.score(rule, view, runner=runner, run=run)).to_pylist()
    told = QUICK.explain(rule, view, subject_ids=[r["subject_id"] for r in rows], runner=runner, run=run)
    for row in rows:
        assert (told[row["subject_id"]].value, told[row["subject_id"]].reason_null) == (
            row["value"],
            row["reason_null"],
        )
    return {row["subject_id"]: row | {"told": told[row["subject_id"]]} for row in rows}


def values(rows: dict[str, Any]) -> dict[str, Any]:
    return {key: None if row["value"] is None else row["value"].normalize() + 0 for key, row in rows.items()}


def test_a_mean_weighs_again_what_is_known(runner: DuckdbRunner) -> None:
    rows = scored(
        runner,
        "parts: [{score: views, weight: 0.5}, {score: few, weight: 0.25, scale: range},"
        " {score: company, weight: 0.25}]",
    )
    # anna: (0.5 x 30 + 0.25 x 15 + 0.25 x 80) / 1; bo: (0.5 x 50 + 0.25 x 80) / 0.75; cleo: views alone
    assert values(rows) == {"anna": Decimal("38.75"), "bo": 60, "cleo": 20, "dan": None}
    assert rows["dan"]["reason_null"] == "none of its scores is known"
    told = {line.name: (line.points.normalize() + 0, line.sentence) for line in rows["bo"]["told"].lines}
    assert told == {
        "views": (Decimal("33.333333"), "Views 50, counts 67 %."),
        "few": (0, "Few is unknown (not in the audience) and left out."),
        "company": (Decimal("26.666667"), "Company 80, counts 33 %."),
    }
    inner = next(line for line in rows["bo"]["told"].lines if line.name == "company").inner
    assert [line.points for line in inner] == [80]


def test_a_sum_limits_each_part_and_the_whole(runner: DuckdbRunner) -> None:
    rows = scored(
        runner,
        "how: sum\nparts: [{score: views, weight: 2, limit: {max: 70}, type: engagement},"
        " {score: few, missing: 7.5, type: fit}, {score: company, weight: 0.5}]",
    )
    assert values(rows) == {"anna": 100, "bo": 100, "cleo": Decimal("47.5"), "dan": Decimal("7.5")}
    assert {line.name: line.points for line in rows["bo"]["told"].lines} == {
        "views": 100, "limit of views": -30, "few": Decimal("7.5"), "company": 40, "range": Decimal("-17.5"),
    }  # fmt: skip
    assert (rows["bo"]["fit"], rows["bo"]["engagement"]) == (Decimal("7.5"), 70)


def test_a_part_may_be_needed(runner: DuckdbRunner) -> None:
    rows = scored(runner, "parts: [{score: views, missing: null}, {score: few, missing: null}]")
    assert values(rows) == {"anna": 30, "bo": None, "cleo": None, "dan": None}
    assert rows["bo"]["reason_null"] == "few: not in the audience"
    assert rows["dan"]["reason_null"] == "views: nothing seen"


TABLE = """how: table
table:
  rows: {score: company, bands: [{label: A, from: 50}, {label: B, from: 0}]}
  columns: {score: views, bands: [{label: "1", from: 40}, {label: "2", from: 0}]}
  values: {A1: 100, A2: 60, B1: 40, B2: 5}
"""


def test_a_table_gives_label_and_value(runner: DuckdbRunner) -> None:
    rows = scored(runner, TABLE)
    assert {key: (row["matrix"], row["value"]) for key, row in rows.items()} == {
        "anna": ("A2", 60),
        "bo": ("A1", 100),
        "cleo": (None, None),
        "dan": (None, None),
    }
    assert rows["cleo"]["reason_null"] == "company: no value"
    assert rows["anna"]["told"].lines[0].sentence == "Company 80 and Views 30: A2, which gives 60."


def test_exceptions_come_last_and_are_lines(runner: DuckdbRunner) -> None:
    rows = scored(
        runner,
        "parts: [{score: views}]\nexceptions:\n"
        "  - {name: heads, when: {field: contact.title, is: head}, at_least_value: 90}\n"
        "  - {name: warm company, score: company, at_least: 80, at_most_value: 85}\n",
    )
    assert values(rows) == {"anna": 30, "bo": 85, "cleo": 20, "dan": None}
    assert [(line.name, line.points) for line in rows["bo"]["told"].lines] == [
        ("views", 50),
        ("heads", 40),
        ("warm company", -5),
    ]


def test_a_kept_run_ranks_and_cuts_as_the_one_it_was(runner: DuckdbRunner) -> None:
    value = "  rfm: {name: rfm, subject: contact, kind: rfm}\n"
    rule = definition("parts: [{score: rfm}, {score: views}]", scores=value + part("views"))
    seen = at(2024, 6, 1)
    orders = [
        {
            "id": f"o{n}",
            "contact_id": who,
            "ordered_at": seen,
            "recorded_at": seen,
            "amount": Decimal(n),
            "status": "paid",
        }
        for n, who in enumerate(("anna", "bo", "bo", "cleo"))
    ]
    snap = company(runner)
    snap = snap.with_tables({"orders": runner.from_arrow(arrow("orders", orders))})
    scores, run = QUICK.everyone(rule, as_known(snap, NOW), runner=runner)
    kept = PopulationRun.from_json(run.to_json())
    assert set(kept.parts) == {"rfm", "views"}
    again = QUICK.score(rule, as_known(snap, NOW), runner=runner, run=kept)
    order = [("subject_id", "ascending")]
    assert runner.to_arrow(again).sort_by(order) == runner.to_arrow(scores).sort_by(order)


def test_percentiles_weigh_ranks(runner: DuckdbRunner) -> None:
    assert values(scored(runner, "parts: [{score: views, scale: percentile}]"))["anna"] == 50


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("parts: [{score: views, weight: -1}]", "weights of a mean"),
        ("parts: [{score: views, limit: {max: 1}}]", "goes with how: sum"),
        ("how: table", "table takes a table"),
        (TABLE.replace("B2: 5", ""), "no value for B2"),
        (TABLE.replace("B2: 5", "B2: 5, C1: 0"), "C1, which is no cell"),
        ("parts: [{score: views}]\nexceptions: [{name: x, score: few, set: 1}]", "at_least or below"),
        ("parts: [{score: seen}]", "not among its scores"),
    ],
)
def test_what_cannot_be_read(rest: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        definition(rest)


def test_an_account_has_no_single_contact() -> None:
    with pytest.raises(DefinitionError, match="scores contacts, and an account has many"):
        definition("parts: [{score: views}]", subject="account")
