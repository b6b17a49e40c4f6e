"""Differences with intervals: strata, money, and looking before the end."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from rapport.engine.evaluation.holdout.power import needed, smallest_seen
from rapport.engine.evaluation.holdout.rates import (
    Estimate,
    Pair,
    Tally,
    at_any_time,
    bootstrapped,
    lift,
    mean_difference,
    rate_difference,
)
from rapport.engine.evaluation.holdout.shares import Drawn, ratio_check


def _pair(treated: tuple[int, int], control: tuple[int, int]) -> Pair:
    return Pair(treated=Tally(events=treated[0], n=treated[1]), control=Tally(events=control[0], n=control[1]))


class TestRates:
    def test_strata_undo_what_unequal_shares_would_feign(self) -> None:
        """Nothing works in either band; A converts at 50 % and has 10 % held out, B at 10 % and has half held out."""
        bands = [_pair((450, 900), (50, 100)), _pair((50, 500), (50, 500))]
        together = rate_difference([_pair((500, 1400), (100, 600))])
        within = rate_difference(bands)
        assert together is not None
        assert within is not None
        assert together.value == pytest.approx(500 / 1400 - 1 / 6)
        assert within.value == pytest.approx(0)
        assert not within.tells

    def test_a_stratum_with_one_arm_only_tells_nothing(self) -> None:
        assert rate_difference([_pair((1, 10), (0, 0))]) is None

    def test_lift_is_a_ratio(self) -> None:
        found = lift(Tally(events=30, n=100), Tally(events=20, n=100))
        assert found is not None
        # ln 1.5 -+ 1.96 x sqrt(1/30 - 1/100 + 1/20 - 1/100) = .4055 -+ .4935
        assert (found.value, found.low, found.high) == pytest.approx((0.5, -0.0842, 1.4569), abs=1e-3)


class TestMoney:
    def test_is_welchs_interval(self) -> None:
        random = np.random.default_rng(3)
        ours, theirs = random.exponential(12, 80), random.exponential(9, 40)
        found = mean_difference([(ours, theirs)])
        asked = ttest_ind(ours, theirs, equal_var=False).confidence_interval()
        assert found is not None
        assert (found.low, found.high) == pytest.approx((asked.low, asked.high))

    def test_the_bootstrap_is_the_same_for_the_same_seed(self) -> None:
        groups = [(np.array([0.0, 0, 0, 50, 80]), np.array([0.0, 0, 10, 0]))]
        assert bootstrapped(groups, seed=7) == bootstrapped(groups, seed=7)
        assert bootstrapped(groups, seed=7) != bootstrapped(groups, seed=8)


class TestLooking:
    def test_at_the_planned_end_it_reaches_three_errors(self) -> None:
        found = at_any_time(Estimate(value=0.1, low=0, high=0.2, error=0.05), share_of_planned=1)
        assert found.high - found.value == pytest.approx(3.035 * 0.05, abs=1e-4)

    def test_it_holds_however_often_one_looks(self) -> None:
        """1,000 tests of nothing, each looked at 40 times: the plain interval errs in far more than 1 of 20."""
        random = np.random.default_rng(11)
        sums = random.normal(size=(1000, 40, 50)).sum(axis=2).cumsum(axis=1)
        n = 50 * np.arange(1, 41)
        means, errors = sums / n, 1 / np.sqrt(n)
        plain = (np.abs(means) > 1.96 * errors).any(axis=1).mean()
        safe = [
            [
                at_any_time(Estimate(value=m, low=m, high=m, error=e), share_of_planned=k / 2000).tells
                for m, e, k in looks
            ]
            for looks in (zip(row, errors, n, strict=True) for row in means)
        ]
        assert plain > 0.2
        assert np.any(safe, axis=1).mean() <= 0.05


class TestSizes:
    def test_are_those_of_the_textbooks(self) -> None:
        assert needed(0.10, 0.05, held_out=0.5) == 2 * 686

    def test_smallest_seen_is_the_inverse(self) -> None:
        assert smallest_seen(0.10, treated=686, control=686) == pytest.approx(0.05, abs=1e-4)

    def test_nothing_to_find_needs_no_number(self) -> None:
        assert needed(0.1, 0, held_out=0.5) is None


class TestShares:
    def test_a_fair_draw_passes(self) -> None:
        found = ratio_check([Drawn(counts={"treated": 812, "holdout": 188}, shares={"treated": 0.8, "holdout": 0.2})])
        # (812 - 800)^2 / 800 + (188 - 200)^2 / 200 = .9 on 1 degree
        assert found.p_value == pytest.approx(0.3428, abs=1e-4)

    def test_a_lopsided_one_does_not(self) -> None:
        found = ratio_check([Drawn(counts={"treated": 850, "holdout": 150}, shares={"treated": 0.8, "holdout": 0.2})])
        assert found.broken

    def test_bands_are_checked_by_themselves(self) -> None:
        """As many in all as asked for, but from the wrong bands."""
        shares = {"treated": 0.5, "holdout": 0.5}
        drawn = [
            Drawn(counts={"treated": 130, "holdout": 70}, shares=shares),
            Drawn(counts={"treated": 70, "holdout": 130}, shares=shares),
        ]
        assert ratio_check(drawn).broken
