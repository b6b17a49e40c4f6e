"""Shapley values of campaigns."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from rapport.engine.metrics.attribution import shapley
from rapport.engine.metrics.attribution.shapley import shapley_values

SETS = [(0,), (1,), (0, 1), (0, 2), (1, 2, 3), (2,)]
CONVERTED = np.array([1.0, 4.0, 6.0, 0.0, 3.0, 1.0])
PATHS = np.array([10.0, 10.0, 10.0, 5.0, 4.0, 9.0])


def worth(coalition: set[int]) -> float:
    inside = [i for i, one in enumerate(SETS) if set(one) <= coalition]
    there = PATHS[inside].sum()
    return float(CONVERTED[inside].sum() / there) if there else 0.0


def by_every_order(n: int) -> list[float]:
    """The definition: the mean, over all orders in which campaigns may join, of what each adds."""
    orders = list(permutations(range(n)))
    total = np.zeros(n)
    for order in orders:
        for place, campaign in enumerate(order):
            total[campaign] += worth({*order[:place], campaign}) - worth(set(order[:place]))
    return list(total / len(orders))


def test_two_campaigns_by_hand() -> None:
    """Alone A converts 10 of 100 and B 30 of 100, together 60 of 100: v(AB) = 100 / 300.

    A = ((.1 - 0) + (1/3 - .3)) / 2, B = ((.3 - 0) + (1/3 - .1)) / 2.
    """
    values = shapley_values([(0,), (1,), (0, 1)], np.array([10.0, 30, 60]), np.array([100.0, 100, 100]), 2)
    assert values == pytest.approx([1 / 15, 4 / 15])


def test_they_are_the_mean_over_all_orders() -> None:
    assert shapley_values(SETS, CONVERTED, PATHS, 4) == pytest.approx(by_every_order(4))


def test_they_add_up_to_the_share_of_all_paths_that_converted() -> None:
    values = shapley_values(SETS, CONVERTED, PATHS, 4)
    assert values.sum() == pytest.approx(CONVERTED.sum() / PATHS.sum())


def test_a_campaign_that_changes_nothing_gets_nothing() -> None:
    values = shapley_values([(0,), (0, 1)], np.array([5.0, 5.0]), np.array([10.0, 10.0]), 2)
    assert values == pytest.approx([0.5, 0.0])


def test_drawn_orders_come_near_the_exact_values(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = shapley_values(SETS, CONVERTED, PATHS, 4)
    monkeypatch.setattr(shapley, "EXACT", 0)
    drawn = shapley_values(SETS, CONVERTED, PATHS, 4)
    assert drawn == pytest.approx(exact, abs=0.01)
    assert drawn.sum() == pytest.approx(exact.sum())
    assert drawn == pytest.approx(shapley_values(SETS, CONVERTED, PATHS, 4), abs=0)
