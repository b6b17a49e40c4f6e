"""Ranges found by a grid are those of a binary search."""

import numpy as np
import pytest

from rapport.engine.statistics.additive.binning import round_between
from rapport.engine.statistics.additive.ranges import range_numbers

rng = np.random.default_rng(3)
SHAPES = {
    "even": rng.normal(size=50_000),
    "very uneven": rng.exponential(size=50_000) ** 6,
    "whole": rng.integers(-5, 40, 50_000).astype(float),
    "tiny": rng.random(50_000) * 1e-300,
    "huge": rng.normal(size=50_000) * 1e300,
    "with negatives and uneven": np.where(rng.random(50_000) < 0.5, -1.0, rng.exponential(size=50_000) ** 9),
}


@pytest.mark.parametrize("values", SHAPES.values(), ids=SHAPES.keys())
def test_the_grid_finds_what_a_binary_search_finds(values: np.ndarray) -> None:
    edges = np.unique(np.quantile(values, np.arange(1, 64) / 64))
    tried = np.concatenate([values, edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf), [0.0, -0.0]])
    assert (range_numbers(edges, tried) == np.searchsorted(edges, tried, side="left")).all()


def test_unknown_is_the_bin_after_the_last_range() -> None:
    assert range_numbers(np.array([1.0, 2.0]), np.array([1.0, 1.5, 3.0, np.nan])).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(3, 4, 3), (18.97, 21.3, 20), (417, 418, 417), (0.45, 0.6, 0.5), (-4, -3, -4), (0, 1e-7, 0)],
)
def test_edges_are_round_numbers_that_part_the_two_values(low: float, high: float, told: float) -> None:
    assert round_between(low, high) == told
    assert low <= told < high
