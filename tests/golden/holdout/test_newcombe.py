"""Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10: score intervals of differences of rates."""

from __future__ import annotations

import pytest

from rapport.engine.evaluation.holdout.rates import Pair, Tally, rate_difference

_TABLE_II = [  # events and n of both groups; lower and upper limit as printed
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0000),
    ((10, 10), (0, 10), 0.6075, 1.0000),
]


@pytest.mark.parametrize(("treated", "control", "low", "high"), _TABLE_II)
def test_gives_the_printed_limits(treated: tuple[int, int], control: tuple[int, int], low: float, high: float) -> None:
    pair = Pair(treated=Tally(events=treated[0], n=treated[1]), control=Tally(events=control[0], n=control[1]))
    found = rate_difference([pair])
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=5.1e-5)
