"""Points by age as whole numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rapport.engine.scores.points.micro import micro_table, settled_age, weight
from rapport.engine.scores.points.spec import Decay

MONTH = Decay(half_life_days=Decimal(30))


@pytest.mark.parametrize(("points", "expected"), [("1", 7812), ("3", 23438), ("5", 39062), ("7", 54688)])
def test_points_after_seven_half_lives_round_half_to_even(points: str, expected: int) -> None:
    assert micro_table(Decimal(points), MONTH, 211)[210] == expected


def test_half_life_halves_what_is_left() -> None:
    assert [int(m) for m in micro_table(Decimal(8), MONTH, 91)[[0, 30, 60, 90]]] == [
        8_000_000,
        4_000_000,
        2_000_000,
        1_000_000,
    ]


def test_compound_decay_is_continuous() -> None:
    decay = Decay(per_days=Decimal(30), percent=Decimal(36), shape="compound")
    assert micro_table(Decimal(10), decay, 61)[[0, 15, 30, 60]].tolist() == [
        10_000_000,
        8_000_000,
        6_400_000,
        4_096_000,
    ]


def test_linear_decay_ends_at_nothing() -> None:
    decay = Decay(per_days=Decimal(30), percent=Decimal(50), shape="linear")
    assert micro_table(Decimal(4), decay, 62)[[0, 15, 30, 59, 60, 61]].tolist() == [
        4_000_000,
        3_000_000,
        2_000_000,
        66_667,
        0,
        0,
    ]


def test_losing_all_at_once_leaves_the_points_of_today_only() -> None:
    decay = Decay(per_days=Decimal(30), percent=Decimal(100), shape="compound")
    assert micro_table(Decimal(4), decay, 3).tolist() == [4_000_000, 0, 0]


def test_what_does_not_decay_keeps_its_weight() -> None:
    assert weight(None, 10_000) == 1
    assert settled_age(Decimal(5), None, 40_000) == 0


def test_points_settle_at_nothing_where_half_a_millionth_is_left() -> None:
    day = settled_age(Decimal(8), MONTH, 40_000)
    table = micro_table(Decimal(8), MONTH, day + 2)
    assert (int(table[day - 1]), int(table[day])) == (1, 0)


def test_negative_points_decay_toward_nothing_too() -> None:
    assert micro_table(Decimal(-1), MONTH, 211)[[0, 30, 210]].tolist() == [-1_000_000, -500_000, -7812]
