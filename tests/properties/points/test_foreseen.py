"""What is foreseen for a coming day is what the score is on that day, to the micro-point."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from crm_rows import snapshot
from properties.points.company import AS_OF, Rows, company
from properties.points.definitions import CONTACT
from rapport.engine.actions.foreseen import coming_values, is_foreseeable, leavings
from rapport.engine.actions.thresholds import Threshold
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.spec import PointsDefinition

FORESEEABLE = "\n".join(
    line for line in CONTACT.splitlines() if "name: birthday" not in line and "name: old" not in line
)


def definition_of(text: str) -> PointsDefinition:
    parsed = parse_definition(text)
    assert isinstance(parsed, PointsDefinition)
    return parsed


def until_now(seed: int) -> dict[str, Rows]:
    """Nothing happens later than `AS_OF`."""
    return {name: [row for row in rows if not _is_later(row)] for name, rows in company(seed).items()}


def _is_later(row: dict[str, object]) -> bool:
    return any(isinstance(value, datetime) and value > AS_OF for value in row.values())


@pytest.mark.parametrize(
    ("seed", "days"), [(1, (1, 29)), pytest.param(2, (0, 1, 6, 19, 29, 91, 130), marks=pytest.mark.slow)]
)
def test_coming_days_are_as_foreseen(runner: DuckdbRunner, seed: int, days: tuple[int, ...]) -> None:
    definition, tables = definition_of(FORESEEABLE), snapshot(runner, time_zone="Europe/Stockholm", **until_now(seed))
    people = [f"c{n}" for n in range(40)]
    foreseen = coming_values(definition, as_known(tables, AS_OF), subject_ids=people, runner=runner, days=130)
    for ahead in days:
        view = as_known(tables, AS_OF + timedelta(days=ahead))
        scores = runner.to_arrow(Points(definition, view, runner).scores()).to_pylist()
        expected = {row["subject_id"]: row["value"] for row in scores if row["value"] is not None}
        told = {who: Decimal(int(values[ahead])).scaleb(-6) for who, values in foreseen.items()}
        assert told == {who: value for who, value in expected.items() if who in told}, ahead
        assert told


def test_the_day_of_leaving_is_the_first_one_below(runner: DuckdbRunner) -> None:
    text = """
name: calm
subject: contact
kind: points
range: [0, 100]
groups:
  all: {type: engagement, decay: {half_life_days: 10}, criteria: [{name: met, points: 80, once: {event: meeting}}]}
"""
    happened = {"contact_id": "c", "type": "meeting", "occurred_at": AS_OF, "recorded_at": AS_OF}
    person = {"id": "c", "created_at": AS_OF, "recorded_at": AS_OF}
    tables = snapshot(runner, contacts=[person], interactions=[{"id": "i", **happened}])
    threshold = Threshold(name="ready", enter=Decimal(60), leave=Decimal(50))
    ways = {"subject_ids": ["c"], "threshold": threshold, "runner": runner}
    found = leavings(definition_of(text), as_known(tables, AS_OF), **ways)  # type: ignore[arg-type]
    assert (found["c"].day, found["c"].value) == ((AS_OF + timedelta(days=7)).date(), Decimal("49.245777"))
    assert not leavings(definition_of(text), as_known(tables, AS_OF), **ways, days=6)  # type: ignore[arg-type]


def test_a_date_that_is_compared_with_today_is_not_foreseen(runner: DuckdbRunner) -> None:
    assert not is_foreseeable(definition_of(CONTACT))
    assert is_foreseeable(definition_of(FORESEEABLE))
