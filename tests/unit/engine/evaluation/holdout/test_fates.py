"""What became of those who were assigned, each in a window of their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from crm_rows import snapshot
from rapport.engine.evaluation.holdout.fates import Assigned, fates
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition_base import ScoreDefinition
from told_scores import CUT_OFF, DAY, NOW, contacts, order

PEOPLE = ["a", "b", "c"]


@pytest.fixture
def definition() -> ScoreDefinition:
    return ScoreDefinition.model_validate(
        {
            "name": "x",
            "subject": "contact",
            "kind": "points",
            "range": [0, 100],
            "outcome": {"event": "order_placed", "within_days": 90},
        }
    )


def _assigned(who: str, at: datetime = CUT_OFF, arm: str = "treated") -> Assigned:
    return Assigned(subject_id=who, arm=arm, stratum="", at=at)


def test_each_window_begins_with_the_subjects_own_assignment(runner: DuckdbRunner, definition: ScoreDefinition) -> None:
    orders = [order("a", CUT_OFF), order("b", CUT_OFF), order("c", CUT_OFF + timedelta(microseconds=1))]
    snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
    assigned = [_assigned("a"), _assigned("b", CUT_OFF - DAY), _assigned("c")]
    found = fates(definition, snap, assigned, within_days=10, now=NOW, runner=runner)
    assert found.converted.tolist() == [False, True, True]


def test_its_end_is_part_of_it_and_nothing_after(runner: DuckdbRunner, definition: ScoreDefinition) -> None:
    orders = [order("a", CUT_OFF + 10 * DAY), order("b", CUT_OFF + 10 * DAY + timedelta(microseconds=1))]
    snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
    found = fates(definition, snap, [_assigned(p) for p in PEOPLE], within_days=10, now=NOW, runner=runner)
    assert found.converted.tolist() == [True, False, False]


def test_what_they_spent_in_it_is_summed(runner: DuckdbRunner, definition: ScoreDefinition) -> None:
    orders = [
        order("a", CUT_OFF + DAY, amount=Decimal("10.50")),
        order("a", CUT_OFF + 2 * DAY, amount=Decimal("4.50")),
        order("a", CUT_OFF + 20 * DAY, amount=Decimal(100)),
        order("b", CUT_OFF + DAY, amount=Decimal(70), status="cancelled"),
    ]
    snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
    found = fates(definition, snap, [_assigned(p) for p in PEOPLE], within_days=10, now=NOW, runner=runner)
    assert found.revenue is not None
    assert found.revenue.tolist() == [15, 0, 0]


def test_who_is_still_in_the_window_waits(runner: DuckdbRunner, definition: ScoreDefinition) -> None:
    snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("b", NOW - DAY)])
    assigned = [_assigned("a"), _assigned("b", NOW - 2 * DAY)]
    found = fates(definition, snap, assigned, within_days=10, now=NOW, runner=runner)
    assert ([a.subject_id for a in found.assigned], found.waiting) == (["a"], 1)


def test_a_record_merged_since_counts_as_the_one_it_became(runner: DuckdbRunner, definition: ScoreDefinition) -> None:
    link = {"id": "l", "entity": "contact", "from_id": "a", "to_id": "b", "kind": "merge"}
    link |= {"created_at": CUT_OFF + DAY, "recorded_at": CUT_OFF + DAY}
    orders = [order("b", CUT_OFF + DAY)]
    snap = snapshot(runner, contacts=contacts(["a", "b"]), orders=orders, identity_links=[link])
    found = fates(definition, snap, [_assigned("a")], within_days=10, now=NOW, runner=runner)
    assert found.converted.tolist() == [True]


def test_an_outcome_may_be_that_it_does_not_happen(runner: DuckdbRunner) -> None:
    lapsed = ScoreDefinition.model_validate(
        {
            "name": "x",
            "subject": "contact",
            "kind": "points",
            "range": [0, 100],
            "outcome": {"event": "order_placed", "within_days": 90, "absent": True, "repeatable": True},
        }
    )
    snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("a", CUT_OFF + DAY)])
    found = fates(lapsed, snap, [_assigned("a"), _assigned("b")], within_days=10, now=NOW, runner=runner)
    assert found.converted.tolist() == [False, True]
