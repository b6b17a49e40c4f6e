"""The search finds a maximum, stops at the edge of its box, and says where it could not settle."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.scores.lifetime.models.optimum import maximum

LOW, HIGH = np.full(2, -5.0), np.full(2, 5.0)


def test_a_curved_ridge_is_climbed_to_its_top() -> None:
    """Rosenbrock's valley, upside down: the top is at (1, 1)."""

    def value_and_gradient(at: np.ndarray) -> tuple[float, np.ndarray]:
        x, y = at
        value = -((1 - x) ** 2) - 100 * (y - x * x) ** 2
        return float(value), np.array([2 * (1 - x) + 400 * x * (y - x * x), -200 * (y - x * x)])

    found = maximum(value_and_gradient, np.array([-1.2, 1.0]), LOW, HIGH)
    assert found.settled
    assert found.at == pytest.approx([1, 1], abs=1e-4)
    assert found.hessian == pytest.approx(np.array([[-802, 400], [400, -200]]), rel=1e-3)
    assert found.at_edge == (False, False)


def test_the_edge_is_held_and_told() -> None:
    def value_and_gradient(at: np.ndarray) -> tuple[float, np.ndarray]:
        return float(at[0] - at[1] ** 2), np.array([1.0, -2 * at[1]])

    found = maximum(value_and_gradient, np.array([0.0, 2.0]), LOW, HIGH)
    assert found.settled
    assert found.at == pytest.approx([5, 0], abs=1e-6)
    assert found.at_edge == (True, False)


def test_where_no_step_leads_up_though_the_slope_says_so_it_has_not_settled() -> None:
    def value_and_gradient(at: np.ndarray) -> tuple[float, np.ndarray]:
        return -float(at @ at), 2 * at + 1  # the slope points the wrong way

    found = maximum(value_and_gradient, np.array([1.0, 1.0]), LOW, HIGH)
    assert not found.settled
    assert found.to_gain > 0.1
