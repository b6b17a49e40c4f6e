"""Thresholds with hysteresis: entered at one bound, left below another, entered again after that."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from crm_rows import at
from rapport.engine.actions.thresholds import Direction, Threshold, crossings, thresholds_of
from rapport.engine.scores.definition import parse_definition

READY = Threshold(name="ready", enter=Decimal(80), leave=Decimal(70))


def crossed(*values: str | None) -> list[tuple[int, str, int]]:
    """(position of the value, direction, number) of each crossing."""
    stream = [(at(2026, 3, 1) + timedelta(hours=n), None if v is None else Decimal(v)) for n, v in enumerate(values)]
    instants = [instant for instant, _ in stream]
    return [(instants.index(c.at), c.direction.value, c.number) for c in crossings(READY, stream)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["79.999999", "80"], [(1, "entered", 1)]),
        (["90", "75", "79", "70", "85"], [(0, "entered", 1)]),
        (["90", "69.999999"], [(0, "entered", 1), (1, "left", 2)]),
        (["90", "10", "79", "80", "10"], [(0, "entered", 1), (1, "left", 2), (3, "entered", 3), (4, "left", 4)]),
        (["75", "75"], []),
        (["90", None, "75", "90"], [(0, "entered", 1), (1, "left", 2), (3, "entered", 3)]),
        ([None, "10"], []),
    ],
)
def test_crossings_of_a_stream(values: list[str | None], expected: list[tuple[int, str, int]]) -> None:
    assert crossed(*values) == expected


def test_a_value_between_the_bounds_stays_where_it_was() -> None:
    assert READY.crossed(Decimal(75), inside=False) is None
    assert READY.crossed(Decimal(75), inside=True) is None
    assert READY.crossed(Decimal(80), inside=False) is Direction.ENTERED
    assert READY.crossed(Decimal("69.999999"), inside=True) is Direction.LEFT


def test_thresholds_are_readiness_and_every_band_above_the_lowest() -> None:
    definition = parse_definition("""
name: calm
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: C, from: 0}, {label: B, from: 20}]
ready_at: {enter: 80, leave: 70}
groups: {all: {type: engagement, criteria: [{name: met, points: 80, once: {event: meeting}}]}}
""")
    assert [(t.name, t.enter, t.leave) for t in thresholds_of(definition)] == [
        ("ready", Decimal(80), Decimal(70)),
        ("band A", Decimal(60), Decimal(60)),
        ("band B", Decimal(20), Decimal(20)),
    ]
