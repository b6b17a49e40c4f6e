"""Segments are the best there are: against every way of cutting, for short rows."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.engine.statistics.card.segmentation import segments

_WORTH = 3.84


def cost(heights: np.ndarray, weights: np.ndarray, starts: tuple[int, ...]) -> float:
    """Weighted squared error around the segments' means, and what each further segment has to be worth."""
    total = _WORTH * (len(starts) - 1)
    for start, end in zip(starts, (*starts[1:], len(heights)), strict=True):
        w, h = weights[start:end], heights[start:end]
        total += float((w * (h - np.average(h, weights=w)) ** 2).sum())
    return total


def large_enough(starts: tuple[int, ...], rows: np.ndarray, fewest: float) -> bool:
    ends = (*starts[1:], len(rows))
    return all(rows[start:end].sum() >= fewest for start, end in zip(starts, ends, strict=True))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.1, 80), st.integers(1, 50)), min_size=1, max_size=7),
    st.integers(1, 5),
    st.sampled_from([1, 30, 60]),
)
def test_no_other_cut_is_cheaper(bins: list[tuple[float, float, int]], most: int, fewest: int) -> None:
    heights, weights, rows = (np.array(column, dtype=float) for column in zip(*bins, strict=True))
    found = tuple(segments(heights, weights, most=most, least=rows, fewest=fewest))
    inner = range(1, len(bins))
    every = [(0, *cut) for k in range(min(most, len(bins))) for cut in combinations(inner, k)]
    usable = [starts for starts in every if large_enough(starts, rows, fewest)]
    if not usable:
        assert found == (0,)
        return
    assert found in usable
    assert cost(heights, weights, found) == pytest.approx(min(cost(heights, weights, s) for s in usable), abs=1e-6)
