"""Accounts scored by their people, by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crm_rows import at, snapshot
from plain_kind import PageViews
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.accounts.expression import Accounts
from rapport.engine.scores.accounts.kind import AccountsKind
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.parts import Parts

QUICK = AccountsKind({**KINDS, "points": PageViews()})  # ten points for each page view, as ENGAGEMENT says
NOW = at(2024, 6, 30, 12)
BORN = at(2023, 1, 1)

ENGAGEMENT = """
  engagement:
    name: engagement
    subject: contact
    kind: points
    range: [0, 100]
    audience: {exclude: [left]}
    groups:
      what: {type: engagement, criteria: [{name: visits, points: 10, per: {event: page_view}}]}
"""
FIT = """
  fit:
    name: fit
    subject: account
    kind: points
    range: [0, 50]
    groups:
      who: {type: fit, criteria: [{name: sector, points: {value: account.industry, map: {software: 30}}}]}
"""


def account(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "created_at": BORN, "recorded_at": BORN, "name": key.title(), **more}


def contact(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "created_at": BORN, "recorded_at": BORN, "first_name": key.title(), **more}


def views(who: str, count: int, day: int = 30) -> list[dict[str, Any]]:
    when = at(2024, 6, day, 9)
    return [
        {"id": f"{who}-{n}", "contact_id": who, "type": "page_view", "occurred_at": when, "recorded_at": when}
        for n in range(count)
    ]


def company(runner: Runner, **more: Any) -> Snapshot:
    """North: anna 50 (head), bo 30, cleo 20. South, below North: dan 40. East: nobody. West: eve, left out."""
    tables: dict[str, Any] = {
        "accounts": [
            account("north", industry="software"),
            account("south", parent_account_id="north", industry="retail"),
            account("east"),
            account("west"),
        ],
        "contacts": [
            contact("anna", account_id="north", title="Head of IT", role="decision maker"),
            contact("bo", account_id="north", role="user"),
            contact("cleo", account_id="north", role="user"),
            contact("dan", account_id="south"),
            contact("eve", account_id="west"),
        ],
        "interactions": [*views("anna", 5, 20), *views("bo", 3), *views("cleo", 2), *views("dan", 4), *views("eve", 9)],
        "segment_memberships": [
            {"id": "s", "segment": "left", "subject": "contact", "subject_id": "eve", "entered_at": BORN}
        ],
    }
    return snapshot(runner, **{**tables, **more})


def definition(rest: str, *, scores: str = ENGAGEMENT) -> Any:
    text = f"name: account\nsubject: account\nkind: accounts\nrange: [0, 200]\nscores:{scores}{rest}"
    return parse_definition(text)


def scored(
    runner: Runner, rest: str, snap: Snapshot | None = None, scores: str = ENGAGEMENT, kind: Any = QUICK
) -> dict[str, Any]:
    """Rows by account, each explained; what is explained is what is scored."""
    rule, view = definition(rest, scores=scores), as_known(snap or company(runner), NOW)
    run = kind.population(rule, view, runner=runner)
    rows = runner.to_arrow(kind.score(rule, view, runner=runner, run=run)).to_pylist()
    told = kind.explain(rule, view, subject_ids=[r["subject_id"] for r in rows], runner=runner, run=run)
    for row in rows:
        assert told[row["subject_id"]].value == row["value"]
        assert told[row["subject_id"]].reason_null == row["reason_null"]
    return {row["subject_id"]: row | {"told": told[row["subject_id"]]} for row in rows}


def values(rows: dict[str, Any]) -> dict[str, Any]:
    return {key: None if row["value"] is None else row["value"].normalize() for key, row in rows.items()}


def points(told: Explanation) -> dict[str, Decimal]:
    return {line.name: line.points.normalize() + 0 for line in told.lines}


class TestRollUp:
    def test_the_sum_of_its_contacts(self, runner: DuckdbRunner) -> None:
        rows = scored(runner, "roll_up: {score: engagement}")
        assert values(rows) == {"north": 100, "south": 40, "east": None, "west": None}
        assert rows["west"]["reason_null"] == rows["east"]["reason_null"] == "no contact with a score"
        assert points(rows["north"]["told"]) == {"Anna": 50, "Bo": 30, "Cleo": 20}
        assert rows["north"]["percentile"] == 75.0
        assert rows["north"]["engagement"] == 100

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("rule", "north"),
        [
            ("how: max", "50"),
            ("how: mean", "33.333333"),
            ("how: sum, top: 2", "80"),
            ("how: mean, top: 2", "40"),
            # 50 + 30 / 2 + 20 / 4
            ("how: sum, position: {percent: 50}", "70"),
            # 50 ten days ago at a half-life of ten days, the others today
            ("how: sum, decay: {half_life_days: 10}", "75"),
            # (25 + 30 + 20) / 3: decay lowers the points, not what they are divided by
            ("how: mean, decay: {half_life_days: 10}", "25"),
            ("how: sum, limit: {max: 60}", "60"),
            # (2 x 50 + 0.5 x 30 + 0.5 x 20) / 3
            (
                "how: mean, weights: [{when: {field: contact.title, contains: head}, weight: 2}], otherwise: 0.5",
                "41.666667",
            ),
            ("how: sum, weights: [{when: {field: contact.role, is: user}, weight: 0}]", "50"),
        ],
    )  # fmt: skip
    def test_other_ways(self, runner: DuckdbRunner, rule: str, north: str) -> None:
        bound = Accounts(
            definition(f"roll_up: {{score: engagement, {rule}}}"),
            as_known(company(runner), NOW),
            runner,
            QUICK.kinds,
            Parts(runs={}),
        )
        found = {row["subject_id"]: row["micro"] for row in runner.to_arrow(bound.rows()).to_pylist()}
        assert found["north"] == Decimal(north) * 1_000_000

    def test_an_account_without_people_may_count_as_nothing(self, runner: DuckdbRunner) -> None:
        assert values(scored(runner, "roll_up: {score: engagement, nobody: zero}"))["east"] == 0

    def test_lines_of_a_mean_add_up_although_each_is_rounded(self, runner: DuckdbRunner) -> None:
        told = scored(runner, "roll_up: {score: engagement, how: mean}")["north"]["told"]
        assert points(told) == {"Anna": Decimal("16.666667"), "Bo": 10, "Cleo": Decimal("6.666666")}

    def test_the_rest_stands_in_one_line(self, runner: DuckdbRunner) -> None:
        more = [contact(f"x{n}", account_id="east") for n in range(7)]
        visits = [view for n in range(7) for view in views(f"x{n}", n + 1)]
        snap = company(runner, contacts=more, interactions=visits)
        told = scored(runner, "roll_up: {score: engagement}", snap)["east"]["told"]
        assert points(told) == {"X6": 70, "X5": 60, "X4": 50, "X3": 40, "X2": 30, "further contacts": 30, "range": -80}
        assert [line.sentence for line in told.lines][
            5
        ] == "2 more contacts, none of whom counts more than those above."


class TestBuyingGroup:
    RULE = """
buying_group:
  score: engagement
  engaged_from: 25
  roles:
    - {name: decision maker, when: {field: contact.role, is: decision maker}, points: 20}
    - {name: users, when: {field: contact.role, is: user}, at_least: 2, points: 15}
  labels: [{label: full, from: 100}, {label: partly, from: 50}, {label: open, from: 0}]
roll_up: {score: engagement}
"""

    def test_roles_give_points_and_a_label(self, runner: DuckdbRunner) -> None:
        north = scored(runner, self.RULE)["north"]
        # bo is engaged, cleo (20) is not: one user of two; (1 + 1/2) / 2 of the roles
        assert points(north["told"]) == {
            "Anna": 50,
            "Bo": 30,
            "Cleo": 20,
            "decision maker": 20,
            "users": Decimal("7.5"),
        }
        assert north["matrix"] == "partly"
        assert north["told"].facts["buying group covered"] == "75 %"

    def test_an_account_where_nobody_is_engaged(self, runner: DuckdbRunner) -> None:
        assert scored(runner, self.RULE)["south"]["matrix"] == "open"


class TestOwnScores:
    def test_fit_is_added_with_its_own_reasons(self, runner: DuckdbRunner) -> None:
        rows = scored(
            runner,
            "roll_up: {score: engagement}\nadd: [{score: fit, weight: 0.5}]",
            scores=ENGAGEMENT + FIT,
            kind=KINDS["accounts"],
        )
        assert values(rows) == {"north": 115, "south": 40, "east": None, "west": None}
        assert (rows["north"]["fit"], rows["north"]["engagement"]) == (15, 100)
        line = next(line for line in rows["north"]["told"].lines if line.name == "fit")
        assert line.sentence == "Fit 30, counts 0.5 times."
        assert [inner.points for inner in line.inner] == [30]

    def test_an_account_without_the_score_may_have_none_at_all(self, runner: DuckdbRunner) -> None:
        scores = ENGAGEMENT + FIT.replace("range:", "audience: {include: [named]}\n    range:")
        rows = scored(runner, "roll_up: {score: engagement}\nadd: [{score: fit, missing: 'null'}]", scores=scores)
        assert rows["north"]["reason_null"] == "fit: not in the audience"


class TestChildren:
    def test_contacts_below_count_above(self, runner: DuckdbRunner) -> None:
        rows = scored(runner, "roll_up: {score: engagement}\nchildren: members")
        assert values(rows) == {"north": 140, "south": 40, "east": None, "west": None}

    def test_accounts_below_are_averaged(self, runner: DuckdbRunner) -> None:
        more = [contact("dan", account_id="south"), contact("fay", account_id="east")]
        snap = company(
            runner,
            contacts=more,
            accounts=[
                account("north"),
                *(account(key, parent_account_id="north") for key in ("south", "east")),
            ],
            interactions=[*views("dan", 4), *views("fay", 1)],
        )
        rows = scored(runner, "roll_up: {score: engagement}\nchildren: average", snap)
        assert values(rows) == {"north": 25, "south": 40, "east": 10}
        assert points(rows["north"]["told"]) == {"South": 20, "East": 5}
        rule = definition("roll_up: {score: engagement}\nchildren: average")
        told = QUICK.explain(rule, as_known(snap, NOW), subject_ids=["north"], runner=runner)
        assert told["north"].value == 25


@pytest.mark.slow
class TestMoving:
    def test_a_contact_counts_where_it_was_known_to_be(self, runner: DuckdbRunner) -> None:
        moved = at(2024, 6, 25)
        change = {"entity": "contact", "entity_id": "bo", "attribute": "account_id", "changed_by": "x"}
        history = [
            {**change, "id": "h1", "value": "north", "valid_from": BORN, "recorded_at": BORN},
            {**change, "id": "h2", "value": "east", "valid_from": moved, "recorded_at": at(2024, 7, 5)},
        ]
        others = [
            {**change, "id": f"h-{who}", "entity_id": who, "value": of, "valid_from": BORN, "recorded_at": BORN}
            for who, of in (("anna", "north"), ("cleo", "north"), ("dan", "south"), ("eve", "west"))
        ]
        snap = company(runner, attribute_history=history + others)
        assert values(scored(runner, "roll_up: {score: engagement}", snap))["north"] == 100
        rule = definition("roll_up: {score: engagement}")
        later = runner.to_arrow(QUICK.score(rule, as_known(snap, at(2024, 7, 6)), runner=runner)).to_pylist()
        assert {r["subject_id"]: r["value"] for r in later} == {"north": 70, "east": 30, "south": 40, "west": None}

    def test_merged_contacts_count_once_with_all_they_did(self, runner: DuckdbRunner) -> None:
        link = {"id": "l", "entity": "contact", "from_id": "dan", "to_id": "anna", "kind": "merge"}
        snap = company(runner, identity_links=[link | {"recorded_at": at(2024, 6, 1)}])
        assert values(scored(runner, "roll_up: {score: engagement}", snap)) == {
            "north": 140,
            "south": None,
            "east": None,
            "west": None,
        }


class TestDefinitions:
    @pytest.mark.parametrize(
        ("rest", "said"),
        [
            ("roll_up: {score: fit}", "'fit' is not among its scores: engagement"),
            ("roll_up: {score: engagement, how: max, top: 2}", "max is the best contact alone"),
            (
                "roll_up: {score: engagement, weights: [{when: {no: {event: any}}, weight: 1}]}",
                "not events",
            ),
        ],
    )
    def test_what_cannot_be_read(self, rest: str, said: str) -> None:
        with pytest.raises(DefinitionError, match=said):
            definition(rest)

    def test_a_score_that_is_only_named_is_asked_for(self) -> None:
        with pytest.raises(DefinitionError, match="The definition of 'engagement' is missing in it"):
            parse_definition(
                "{name: a, subject: account, kind: accounts, range: [0, 1], scores: [engagement],"
                " roll_up: {score: engagement}}"
            )

    def test_a_circle_is_shown(self) -> None:
        inner = "{name: b, subject: account, kind: accounts, range: [0, 1], scores: {a: {kind: points}}}"
        with pytest.raises(DefinitionError, match="A score cannot be made of itself: a > b > a"):
            parse_definition(f"{{name: a, subject: account, kind: accounts, range: [0, 1], scores: {{b: {inner}}}}}")

    def test_a_score_stands_under_its_own_name(self) -> None:
        with pytest.raises(DefinitionError, match="own name"):
            definition("roll_up: {score: engaged}", scores=ENGAGEMENT.replace("  engagement:\n", "  engaged:\n", 1))
