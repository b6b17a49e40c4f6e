"""Satisfaction by answers and by measures, by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS

NOW = at(2024, 6, 30, 12)
BORN = at(2023, 1, 1)
KIND = KINDS["satisfaction"]


def record(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "created_at": BORN, "recorded_at": BORN, **more}


def answer(who: str | None, score: float, ask: str = "nps", *, days: int = 1, **more: Any) -> dict[str, Any]:
    when = NOW - timedelta(days=days)
    ends = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}[ask]
    own = {"id": f"{who}-{ask}-{score}-{days}", "contact_id": who, "kind": ask, "score": score, "answered_at": when}
    return {**own, "scale_min": ends[0], "scale_max": ends[1], "recorded_at": when, **more}


def company(runner: Runner, answers: list[dict[str, Any]], people: int = 12, **more: Any) -> Snapshot:
    """Contacts c0 .. of the account a; the last one has no account."""
    contacts = [record(f"c{n}", account_id="a" if n < people - 1 else None) for n in range(people)]
    return snapshot(runner, accounts=[record("a"), record("b")], contacts=contacts, survey_answers=answers, **more)


def scored(runner: Runner, text: str, snap: Snapshot, subject: str = "account") -> dict[str, Any]:
    rule = parse_definition(f"{{name: s, subject: {subject}, kind: satisfaction, {text}}}")
    view = as_known(snap, NOW)
    run = KIND.population(rule, view, runner=runner)
    rows = runner.to_arrow(KIND.score(rule, view, runner=runner, run=run)).to_pylist()
    told = KIND.explain(rule, view, subject_ids=[r["subject_id"] for r in rows], runner=runner, run=run)
    for row in rows:
        reasons = told[row["subject_id"]]
        assert (reasons.value, reasons.reason_null) == (row["value"], row["reason_null"])
    return {row["subject_id"]: row | {"told": told[row["subject_id"]]} for row in rows}


class TestNps:
    def test_five_promoters_three_passives_two_detractors(self, runner: DuckdbRunner) -> None:
        given = [10, 9, 9, 10, 9, 7, 8, 8, 6, 0]
        row = scored(runner, "survey: {ask: nps}", company(runner, [answer(f"c{n}", s) for n, s in enumerate(given)]))[
            "a"
        ]
        # adjusted Wald 23.08 +- 42.13 at 95 %, so +- 35.36 at 90 %
        assert (row["value"], row["matrix"]) == (30, "mixed")
        assert (float(row["low"]), float(row["high"])) == pytest.approx((-12.28, 58.43), abs=0.01)
        assert [(line.name, line.points) for line in row["told"].lines] == [
            ("promoters", 50),
            ("passives", 0),
            ("detractors", -20),
        ]
        assert row["told"].facts == {"answers": 10, "scale": "0 to 10", "90 % interval": "-12.3 to 58.4"}

    def test_the_newest_answer_of_each_person_counts(self, runner: DuckdbRunner) -> None:
        told = [answer("c0", 2, days=9), answer("c0", 9, days=3), answer("c1", 9, days=400), answer("c11", 3)]
        snap = company(runner, told)
        assert scored(runner, "survey: {ask: nps}", snap)["a"]["value"] == 100
        assert scored(runner, "survey: {ask: nps, answers: all}", snap)["a"]["value"].normalize() == Decimal(
            "33.333333"
        )
        assert scored(runner, "survey: {ask: nps, within_days: 3}", snap)["a"]["reason_null"] == "no answer"
        people = scored(runner, "survey: {ask: nps}", snap, subject="contact")
        assert {key: (row["value"], row["matrix"]) for key, row in people.items() if row["value"] is not None} == {
            "c0": (100, "promoter"),
            "c1": (100, "promoter"),
            "c11": (-100, "detractor"),
        }
        assert people["c0"]["low"] is None

    def test_scales_are_never_mixed(self, runner: DuckdbRunner) -> None:
        told = [answer("c0", 9), answer("c1", 6, scale_min=1), answer("c2", 0, scale_min=None, scale_max=None)]
        snap = company(runner, told)
        assert scored(runner, "survey: {ask: nps}", snap)["a"]["value"] == 0  # one promoter, one detractor
        assert scored(runner, "survey: {ask: nps, scale: [1, 10]}", snap)["a"]["value"] == -100

    def test_too_few_answers_are_no_value(self, runner: DuckdbRunner) -> None:
        rows = scored(runner, "survey: {ask: nps, fewest: 3}", company(runner, [answer("c0", 9), answer("c1", 9)]))
        assert rows["a"]["reason_null"] == "fewer than 3 answers"
        assert rows["b"]["reason_null"] == "no answer"

    def test_answers_of_an_account_without_a_person_count_for_it(self, runner: DuckdbRunner) -> None:
        snap = company(runner, [answer(None, 9, account_id="b"), answer(None, 5, account_id="b")])
        assert scored(runner, "survey: {ask: nps}", snap)["b"]["value"] == 0

    def test_a_contact_that_moved_takes_its_answer_along(self, runner: DuckdbRunner) -> None:
        link = {"id": "l", "entity": "contact", "from_id": "c11", "to_id": "c0", "kind": "merge", "recorded_at": BORN}
        snap = company(runner, [answer("c0", 10, days=5), answer("c11", 1, days=2)], identity_links=[link])
        assert scored(runner, "survey: {ask: nps}", snap)["a"]["value"] == -100


def test_csat_counts_the_two_best_boxes(runner: DuckdbRunner) -> None:
    row = scored(
        runner, "survey: {ask: csat}", company(runner, [answer(f"c{n}", s, "csat") for n, s in enumerate([5, 4, 3, 1])])
    )["a"]
    assert row["value"] == 50
    # Wilson at 90 %, 2 of 4: 50 +- 100 x 1.6449 x sqrt(1/16 + 2.7055/64) / (1 + 2.7055/4)
    assert (float(row["low"]), float(row["high"])) == pytest.approx((18.24, 81.76), abs=0.01)
    two = [answer("c0", 1, "csat", scale_min=0, scale_max=1), answer("c1", 0, "csat", scale_min=0, scale_max=1)]
    assert scored(runner, "survey: {ask: csat, scale: [0, 1]}", company(runner, two))["a"]["value"] == 50


def test_ces_is_a_mean(runner: DuckdbRunner) -> None:
    row = scored(
        runner, "survey: {ask: ces}", company(runner, [answer(f"c{n}", s, "ces") for n, s in enumerate([7, 6, 3])])
    )["a"]
    assert row["value"] == Decimal("5.333333")
    # s = 2.0817, t(0.95, 2) = 2.9200: +- 3.5094, within the scale
    assert (float(row["low"]), float(row["high"])) == pytest.approx((1.8240, 7), abs=0.001)


HEALTH = """
measures: [
  {name: use, weight: 2, count: {event: product_use, within_days: 30}, levels: [[0, 0], [1, 50], [3, 100]]},
  {name: contact, days_since: {event: any}, levels: [[0, 100], [10, 40], [60, 0]]},
  {name: seats, field: account.employees, levels: [[0, 20], [100, 100]], missing: neutral},
  {name: open cases, related: {table: cases, where: {field: status, is: open}}, levels: [[0, 100], [2, 0]]},
  {name: answers, answer: {ask: csat}, levels: [[0, 0], [50, 100]]}]
"""  # fmt: skip


def used(who: str, count: int, days: int) -> list[dict[str, Any]]:
    when = NOW - timedelta(days=days)
    return [
        {"id": f"{who}{days}{n}", "contact_id": who, "type": "product_use", "occurred_at": when, "recorded_at": when}
        for n in range(count)
    ]


def measured(runner: Runner) -> Snapshot:
    cases = [{**record(f"k{n}"), "account_id": "a", "status": "open"} for n in range(2)]
    interactions = [*used("c0", 1, 40), *used("c1", 2, 12)]
    return company(runner, [answer("c0", 5, "csat")], interactions=interactions, cases=cases)


class TestMeasures:
    def test_the_weighted_mean_of_what_is_known(self, runner: DuckdbRunner) -> None:
        rows = scored(runner, HEALTH.strip(), measured(runner))
        # use 50 (weight 2), contact 40 after 12 days, seats unknown 50, cases 0, answers 100: 290 / 6
        assert rows["a"]["value"] == Decimal("48.333333")
        assert {line.name: line.points.normalize() + 0 for line in rows["a"]["told"].lines} == {
            "use": Decimal("16.666667"),
            "contact": Decimal("6.666666"),
            "seats": Decimal("8.333334"),
            "open cases": 0,
            "answers": Decimal("16.666666"),
        }
        # nothing happened with b: use 0 (weight 2), seats 50, cases 100; contact and answers are left out
        assert rows["b"]["value"] == Decimal("37.5")
        sentences = {line.name: line.sentence for line in rows["b"]["told"].lines}
        assert sentences["contact"] == "Contact is unknown: left out."
        assert sentences["seats"] == "Seats is unknown: counted as 50 %."

    def test_groups_are_weighed_after_their_measures(self, runner: DuckdbRunner) -> None:
        text = HEALTH.strip()
        groups = {"use": "adoption", "seats": "adoption", "contact": "relation"}
        for name in ("use", "seats", "contact", "open cases", "answers"):
            text = text.replace(f"name: {name},", f"name: {name}, group: {groups.get(name, 'service')},")
        rows = scored(runner, f"{text}, groups: {{adoption: 3, relation: 1, service: 2}}", measured(runner))
        # adoption (2 x 50 + 50) / 3 = 50, relation 40, service (0 + 100) / 2 = 50
        assert rows["a"]["value"] == Decimal("48.333333")
        # adoption (0 + 50) / 3, relation unknown, service 100: (50 + 200) / 5
        assert rows["b"]["value"] == 50

    def test_exceptions_hold_the_value(self, runner: DuckdbRunner) -> None:
        held = "{name: two open cases, measure: open cases, at_least: 2, at_most_value: 30}"
        text = f"{HEALTH.strip()}, exceptions: [{held}]"
        rows = scored(runner, text, measured(runner))
        assert rows["a"]["value"] == 30
        assert rows["a"]["told"].lines[-1].points == Decimal("-18.333333")
        assert rows["b"]["value"] == Decimal("37.5")

    def test_a_table_that_is_not_there_leaves_its_measures_unknown(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, accounts=[record("b")])
        text = "measures: [{name: use, count: {event: product_use}, levels: [[0, 0], [1, 100]]}]"
        assert scored(runner, text, snap)["b"]["reason_null"] == "none of its measures is known"


def test_measures_are_held_against_answers(runner: DuckdbRunner) -> None:
    told = [answer(f"c{n}", 10 if n >= 3 else 2) for n in range(6)]
    interactions = [row for n in range(6) for row in used(f"c{n}", n + 1, 5)]
    # c0 .. c2 unhappy, c3 .. c5 happy; c2 used it most of all
    interactions += used("c2", 9, 4)
    text = (
        "measures: [{name: use, count: {event: product_use}, levels: [[0, 0], [1, 10], [2, 20],"
        " [4, 40], [5, 50], [6, 60], [9, 90]]}], check_against: {ask: nps}"
    )
    row = scored(runner, text, company(runner, told, interactions=interactions), subject="contact")["c0"]
    # six of nine pairs are the right way round
    assert (
        row["told"]
        .facts["beside their answers"]
        .startswith("Of a happy and an unhappy one it puts the happy one higher 67 times in 100")
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("survey: {ask: nps, scale: [1, 5]}", "The scale of nps is one of"),
        ("survey: {ask: nps}, range: [0, 10]", r"Its range is \[-100, 100\]"),
        ("range: [0, 100]", "takes a survey or measures"),
        ("measures: [{name: m, levels: [[0, 0]]}]", "takes one of count"),
        ("measures: [{name: m, field: contact.title, levels: [[0, 0]]}]", "is no number"),
        (
            "measures: [{name: m, answer: {ask: nps}, levels: [[0, 0]]}], check_against: {ask: nps}",
            "is an answer to the survey",
        ),
    ],
)
def test_what_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        parse_definition(f"{{name: s, subject: contact, kind: satisfaction, {text}}}")
