"""What is bought next, on small companies whose habits are known."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.next_purchase.check import held_out
from rapport.engine.scores.next_purchase.model import MICRO, PERCENT, Counts, Model, fitted

NOW = at(2024, 6, 30, 12)
BORN = at(2022, 1, 1)
KIND = KINDS["next_purchase"]
EARLY, LATE = NOW - timedelta(days=150), NOW - timedelta(days=30)  # before and in the newest horizon of 90 days


def rule(text: str = "") -> Any:
    return parse_definition(f"{{name: n, subject: contact, kind: next_purchase, shrinkage: 2, {text}}}")


def shop(runner: Runner, bought: list[tuple[str, str, datetime]], **more: Any) -> Snapshot:
    """One order a line: who, which product (its category is its name's first letter), when; 10 each."""
    born = {"created_at": BORN, "recorded_at": BORN}
    products = sorted({product for _, product, _ in bought})
    people = sorted({who for who, _, _ in bought} | {"nobody"})
    tables: dict[str, Any] = {
        "contacts": [{"id": who, **born} for who in people],
        "products": [{"id": p, "name": p.title(), "category": p[0], "family": "all", **born} for p in products],
        "orders": [
            {"id": f"o{n}", "contact_id": who, "ordered_at": when, "recorded_at": when, "status": "paid"}
            for n, (who, _, when) in enumerate(bought)
        ],
        "order_lines": [
            {
                "id": f"l{n}",
                "order_id": f"o{n}",
                "product_id": p,
                "quantity": 1.0,
                "unit_price": 10,
                "recorded_at": when,
            }
            for n, (_, p, when) in enumerate(bought)
        ],
    }
    return snapshot(runner, **{**tables, **more})


def habits() -> list[tuple[str, str, datetime]]:
    """Thirty who had a printer then bought ink; thirty who had a kettle then bought tea. Six of each did not yet."""
    rows = []
    for n in range(30):
        rows += [(f"p{n:02}", "printer", EARLY), (f"p{n:02}", "ink", LATE)]
        rows += [(f"k{n:02}", "kettle", EARLY), (f"k{n:02}", "tea", LATE)]
    new = [(f"new-{thing}-{n}", thing, EARLY) for thing in ("printer", "kettle") for n in range(6)]
    return [*rows, *new]


def scored(runner: Runner, text: str, snap: Snapshot) -> dict[str, Any]:
    definition, view = rule(text), as_known(snap, NOW)
    run = KIND.population(definition, view, runner=runner)
    rows = runner.to_arrow(KIND.score(definition, view, runner=runner, run=run)).to_pylist()
    told = KIND.explain(definition, view, subject_ids=[r["subject_id"] for r in rows], runner=runner, run=run)
    for row in rows:
        reasons = told[row["subject_id"]]
        assert (reasons.value, reasons.reason_null) == (row["value"], row["reason_null"])
    return {row["subject_id"]: row | {"told": told[row["subject_id"]], "run": run} for row in rows}


def test_what_others_went_on_to_buy_is_offered(runner: DuckdbRunner) -> None:
    rows = scored(runner, "of: product", shop(runner, habits()))
    assert {rows[f"new-printer-{n}"]["matrix"] for n in range(6)} == {"Ink"}
    assert {rows[f"new-kettle-{n}"]["matrix"] for n in range(6)} == {"Tea"}
    assert rows["new-printer-0"]["value"] > 60
    assert rows["nobody"]["reason_null"] == "no purchase in its history"
    # ink is had and not bought again as a rule: something else comes first, and is less likely
    assert rows["p00"]["matrix"] != "Ink"
    assert rows["p00"]["value"] < 40
    lines = rows["new-printer-0"]["told"].lines
    assert (lines[0].kind, lines[0].name) == ("base", "Ink")
    assert lines[0].sentence == "Ink: 41.8 % of all customers buy it in 90 days."
    assert any(line.name == "Printer" and line.points > 10 for line in lines)
    assert rows["new-printer-0"]["told"].facts["offers"].startswith("Ink ")


def test_the_expected_value_weighs_the_price(runner: DuckdbRunner) -> None:
    rows = scored(runner, "of: product, value: expected_value, range: [0, 1000]", shop(runner, habits()))
    share = scored(runner, "of: product", shop(runner, habits()))["new-printer-0"]["value"]
    assert rows["new-printer-0"]["value"] == pytest.approx(share / 10, abs=Decimal("0.000001"))  # ten each


def test_what_is_bought_again_as_a_rule_is_offered_again(runner: DuckdbRunner) -> None:
    regular = [(f"c{n:02}", "milk", when) for n in range(20) for when in (EARLY, LATE)]
    once = [(f"c{n:02}", "oven", EARLY) for n in range(20)]
    rows = scored(runner, "of: product", shop(runner, regular + once))
    assert {row["matrix"] for key, row in rows.items() if key != "nobody"} == {"Milk"}
    never = scored(runner, "of: product, repeat_from: 1", shop(runner, regular[:-1] + once))
    assert {row["reason_null"] for key, row in never.items() if key != "nobody"} == {"nothing to offer"}


def test_categories_are_offered_as_one(runner: DuckdbRunner) -> None:
    assert scored(runner, "of: category", shop(runner, habits()))["new-printer-0"]["matrix"] == "i"


class TestUpgrades:
    def test_the_next_tiers_of_the_family_and_the_successor(self, runner: DuckdbRunner) -> None:
        rows = [("a", "basic", EARLY), ("b", "plus", EARLY), ("c", "top", EARLY), ("d", "old", EARLY)]
        rows += [(f"x{n}", "basic", EARLY) for n in range(9)] + [(f"x{n}", "plus", LATE) for n in range(9)]
        rows += [("y", "top", EARLY)]
        born = {"created_at": BORN, "recorded_at": BORN}
        tiers = {"basic": "1", "plus": "2", "top": "10", "old": None}
        products = [
            {"id": p, "name": p.title(), "family": "plans" if tier else None, "tier": tier, **born}
            | {"successor_product_id": "basic" if p == "old" else None}
            for p, tier in tiers.items()
        ]
        found = scored(runner, "of: product, goal: up_sell", shop(runner, rows, products=products))
        assert {key: found[key]["matrix"] for key in "abcd"} == {"a": "Plus", "b": "Top", "c": None, "d": "Basic"}
        assert found["c"]["reason_null"] == "nothing to offer"


class TestBestTime:
    def test_a_contact_that_is_known_and_one_that_is_not(self, runner: DuckdbRunner) -> None:
        def active(who: str, when: datetime, count: int) -> list[dict[str, Any]]:
            return [
                {"id": f"{who}{when}{n}", "contact_id": who, "type": "call", "occurred_at": when, "recorded_at": when}
                for n in range(count)
            ]

        # Monday 3 June 10:00 UTC is the hour of most; Friday 7 June 15:00 that of new-printer-0 alone
        rows = [*active("p00", at(2024, 6, 3, 10, 30), 30), *active("new-printer-0", at(2024, 6, 7, 15, 5), 8)]
        rows += active("new-printer-1", at(2024, 6, 7, 15, 5), 1)
        snap = shop(runner, habits(), interactions=rows)
        found = scored(runner, "of: product, best_time: {shrinkage: 5}", snap)
        assert {key: found[key]["best_time"] for key in ("new-printer-0", "new-printer-1", "nobody")} == {
            "new-printer-0": "Fri 15:00",
            "new-printer-1": "Mon 10:00",
            "nobody": "Mon 10:00",
        }
        assert found["new-printer-0"]["told"].facts["best time to contact"] == "Fri 15:00"


class TestModel:
    def test_figures_by_hand(self) -> None:
        """Ten customers, two things: six had a, of whom three then bought b; of the others one did."""
        counts = Counts(
            customers=10,
            had=np.array([6.0, 0.0]),
            then=np.array([0.0, 4.0]),
            had_times=np.array([[4, 6, 0, 0, 0], [10, 0, 0, 0, 0]], dtype=float),
            then_times=np.array([[0, 0, 0, 0, 0], [4, 0, 0, 0, 0]], dtype=float),
            pairs=np.array([[6.0, 0.0], [0.0, 0.0]]),
            followed=np.array([[0.0, 3.0], [0.0, 0.0]]),
            spent=np.array([0.0, 40.0]),
        )
        had = sparse.csr_array(np.array([[1, 0]] * 6 + [[0, 0]] * 4))
        then = sparse.csr_array(np.array([[0, 1]] * 3 + [[0, 0]] * 3 + [[0, 1]] + [[0, 0]] * 3))
        model = fitted(
            counts, things=("a", "b"), shrinkage=2, repeat_from=0.2, sample_had=had, sample_then=then,
            upgrades=((), ()), more={"names": ["a", "b"]},
        )  # fmt: skip
        popular = (4 + 0.5) / 11
        assert model.popular[1] == round(popular * PERCENT)
        assert model.own[1, 0] == round((4 + 2 * popular) / 12 * PERCENT)
        # nothing was expected of the pair (0 x 6 / 10), so co-purchase leaves popularity as it is
        assert model.pull[0, 1] == round(((3 + 2 * popular) / 8 - popular) * PERCENT)
        assert (model.pull[0, 0], model.pull[1, 1]) == (0, 0)
        assert not model.repeats.any()
        assert model.price[1] == round((40 + 2 * 10) / 6 * MICRO)
        chance = model.chances(sparse.csr_array(np.array([[2, 0]])))[0, 1]
        assert chance == model.own[1, 0] + round(model.pull[0, 1] * model.strength / MICRO)
        again = Model.from_json(model.to_json())
        assert (again.chances(had) == model.chances(had)).all()

    def test_it_beats_popularity_where_there_is_something_to_learn(self, runner: DuckdbRunner) -> None:
        rng = np.random.default_rng(5)
        bought = []
        for n in range(300):
            first = int(rng.integers(6))
            bought.append((f"c{n}", f"first{first}", NOW - timedelta(days=int(rng.integers(200, 300)))))
            then = first if rng.random() < 0.5 else int(rng.integers(6))
            later = (int(rng.integers(100, 170)), int(rng.integers(1, 80)))
            chosen = [days for days in later if rng.random() < 0.6]
            bought += [(f"c{n}", f"then{then}", NOW - timedelta(days=days)) for days in chosen]
        rates = held_out(rule("of: product"), shop(runner, bought), cut_off=NOW - timedelta(days=90), runner=runner)
        assert rates[0].k == 1
        assert rates[0].ours.low > rates[0].popular.rate


def test_the_model_is_kept_while_it_is_young(runner: DuckdbRunner) -> None:
    snap, definition = shop(runner, habits()), rule("of: product, refit_days: 30")
    first = KIND.population(definition, as_known(snap, NOW), runner=runner)
    soon = KIND.population(definition, as_known(snap, NOW + timedelta(days=20)), runner=runner, before=first)
    later = KIND.population(definition, as_known(snap, NOW + timedelta(days=40)), runner=runner, before=first)
    assert first.model is not None
    assert soon.model is not None
    assert later.model is not None
    assert soon.model == first.model
    assert later.model.checked_at == NOW + timedelta(days=40)


def test_a_model_learnt_for_something_else_is_not_used(runner: DuckdbRunner) -> None:
    snap = shop(runner, habits())
    view = as_known(snap, NOW)
    run = KIND.population(rule("of: category"), view, runner=runner)
    rows = runner.to_arrow(KIND.score(rule("of: product"), view, runner=runner, run=run)).to_pylist()
    assert {row["matrix"] for row in rows if row["subject_id"].startswith("new-printer")} == {"Ink"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("goal: up_sell", "An upgrade is a product"),
        ("range: [0, 50]", r"the range \[0, 100\]"),
        ("best_time: {segment: contact.birth_date}", "is no text"),
    ],
)
def test_what_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        rule(text)


def test_without_products_there_is_no_value(runner: DuckdbRunner) -> None:
    snap = snapshot(runner, contacts=[{"id": "a", "created_at": BORN, "recorded_at": BORN}])
    row = scored(runner, "of: product", snap)["a"]
    assert row["reason_null"] == "orders, order_lines, products not mapped"
