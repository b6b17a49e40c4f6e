"""Measures of forecasts, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.forecasting.accuracy import accuracy, band_accuracy, calibration
from rapport.engine.forecasting.bands import Bands, bands_of


def band(median: float, reach: float) -> Bands:
    ends = {
        f"{side}_{s}": median + sign * reach * s / 50 for s in (50, 80, 95) for side, sign in (("low", -1), ("high", 1))
    }
    return Bands(expected=median, median=median, **ends)


class TestAccuracy:
    def test_is_the_sum_of_misses_over_what_came(self) -> None:
        found = accuracy([110, 80, 100], [100, 100, 100])
        assert (found.count, found.wape, found.bias) == (3, pytest.approx(30 / 300), pytest.approx(-10 / 300))

    def test_is_unknown_where_nothing_came(self) -> None:
        assert accuracy([5], [0]).wape is None
        assert accuracy([], []).bias is None

    def test_bands_count_the_truths_inside_and_the_loss_of_their_ends(self) -> None:
        found = band_accuracy([band(10, 1), band(10, 1)], [10.5, 11.5])
        assert found is not None
        assert found.covered == {50: 0.5, 80: 1.0, 95: 1.0}
        # each end misses by its distance, weighed by its share below, or above, the truth
        losses = {
            0.5: (0.5 * 0.5 + 0.5 * 1.5) / 2,
            0.25: (0.25 * 1.5 + 0.25 * 2.5) / 2,
            0.75: (0.25 * 0.5 + 0.75 * 0.5) / 2,
            0.1: (0.1 * 2.1 + 0.1 * 3.1) / 2,
            0.9: (0.1 * 1.1 + 0.1 * 0.1) / 2,
            0.025: (0.025 * 2.4 + 0.025 * 3.4) / 2,
            0.975: (0.025 * 1.4 + 0.025 * 0.4) / 2,
        }
        assert found.pinball == pytest.approx(np.mean(list(losses.values())) / 11)
        assert band_accuracy([], []) is None

    def test_chances_that_come_true_have_no_error(self) -> None:
        chance = np.repeat([0.2, 0.6], 50)
        happened = np.concatenate([np.arange(50) % 5 == 0, np.arange(50) % 5 < 3])
        found = calibration(chance, happened)
        assert found is not None
        assert found.error == pytest.approx(0)
        assert found.brier == pytest.approx((0.2 * 0.8 + 0.6 * 0.4) / 2)
        assert found.brier_of_base_rate == pytest.approx(0.4 * 0.6)
        assert calibration(np.zeros(0), np.zeros(0, bool)) is None

    def test_bands_of_draws_are_their_quantiles(self) -> None:
        found = bands_of(np.arange(1001.0))
        assert (found.expected, found.median) == (500, 500)
        assert (*found.band(80), *found.band(50)) == pytest.approx((100, 900, 250, 750))
