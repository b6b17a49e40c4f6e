"""Differences of two groups: against published figures and scipy, and corrected for many comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rapport.engine.statistics.differences import Numbers, Shares, differences, newcombe
from rapport.engine.statistics.intervals import Z_95


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ],
)
def test_the_interval_of_two_shares_is_newcombes(
    counts: tuple[int, int, int, int], expected: tuple[float, float]
) -> None:
    """Newcombe 1998, Statistics in Medicine 17, table II, method 10."""
    assert newcombe(*counts, z=Z_95) == pytest.approx(expected, abs=5e-5)


def test_means_are_compared_as_scipy_does() -> None:
    draw = np.random.default_rng(1)
    a, b = draw.normal(12, 3, 80), draw.normal(10, 5, 120)
    found = differences([Numbers(attribute="x", here=a, elsewhere=b)])[0]
    theirs = stats.ttest_ind(a, b, equal_var=False)
    low, high = theirs.confidence_interval(0.95)
    assert (found.p, found.lower, found.upper) == pytest.approx((theirs.pvalue, low, high))
    assert found.effect == pytest.approx(0.5, abs=0.15)


def test_skewed_numbers_are_told_as_they_are_and_tested_by_their_logarithms() -> None:
    draw = np.random.default_rng(2)
    a, b = np.exp(draw.normal(5, 1, 200)), np.exp(draw.normal(4, 1, 200))
    found = differences([Numbers(attribute="spent", here=a, elsewhere=b, is_skewed=True)])[0]
    assert found.difference == pytest.approx(a.mean() - b.mean())
    assert found.effect == pytest.approx(1.0, abs=0.2)


def test_of_many_that_do_not_differ_few_remain() -> None:
    """1,000 attributes without a difference: at 5 % about 50 would seem to differ."""
    draw = np.random.default_rng(3)
    nothing = [
        Numbers(attribute=f"n{i}", here=draw.normal(size=60), elsewhere=draw.normal(size=60)) for i in range(1_000)
    ]
    assert len(differences(nothing, least_effect=0)) <= 2


def test_the_largest_effect_comes_first_and_small_ones_are_left_out() -> None:
    compared = [
        Shares(attribute="country", level="SE", here=300, of_here=1000, elsewhere=200, of_elsewhere=1000),
        Shares(attribute="industry", level="it", here=800, of_here=1000, elsewhere=200, of_elsewhere=1000),
        Shares(attribute="tiny", level="x", here=50_600, of_here=100_000, elsewhere=50_000, of_elsewhere=100_000),
        Shares(attribute="alone", level="x", here=1, of_here=1, elsewhere=50, of_elsewhere=100),
    ]
    found = differences(compared)
    assert [(one.attribute, one.level) for one in found] == [("industry", "it"), ("country", "SE")]
    assert all(one.lower < one.difference < one.upper for one in found)


def test_intervals_are_widened_for_what_was_chosen() -> None:
    """Of 20 looked at one remains: its interval is that of 1 - 1/20 x 5 %."""
    draw = np.random.default_rng(5)
    alike = [
        Shares(attribute=f"n{i}", level="x", here=50, of_here=100, elsewhere=50, of_elsewhere=100) for i in range(19)
    ]
    told = Numbers(attribute="x", here=draw.normal(3, 1, 50), elsewhere=draw.normal(0, 1, 50))
    alone, among = differences([told])[0], differences([told, *alike])[0]
    assert (among.upper - among.lower) / (alone.upper - alone.lower) == pytest.approx(
        stats.t.ppf(1 - 0.0025 / 2, 98) / stats.t.ppf(0.975, 98), rel=0.01
    )
