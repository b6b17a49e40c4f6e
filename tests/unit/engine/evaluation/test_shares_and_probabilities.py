"""Wilson's interval, calibration and the naive Bayes baseline, by hand."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from rapport.engine.evaluation.naive_bayes import naive_bayes
from rapport.engine.statistics.calibration import calibration
from rapport.engine.statistics.wilson import share


class TestShare:
    def test_eight_of_ten(self) -> None:
        told = share(8, 10)
        assert told.low == pytest.approx(0.4902, abs=0.00005)
        assert told.high == pytest.approx(0.9433, abs=0.00005)

    def test_none_and_all_end_at_the_ends(self) -> None:
        assert share(0, 12).low == 0
        assert share(12, 12).high == 1

    def test_is_null_without_cases(self) -> None:
        assert (share(0, 0).rate, share(0, 0).low) == (None, None)

    def test_fewer_than_thirty_are_a_small_sample(self) -> None:
        assert share(3, 29).small_sample
        assert not share(3, 30).small_sample


class TestCalibration:
    def test_right_probabilities_have_slope_one_and_level_zero(self) -> None:
        told = np.repeat([0.1, 0.5, 0.8], [100, 100, 100])
        events = np.concatenate([[True] * 10 + [False] * 90, [True] * 50 + [False] * 50, [True] * 80 + [False] * 20])
        found = calibration(told, events)
        assert found is not None
        assert (found.slope, found.intercept) == (pytest.approx(1), pytest.approx(0, abs=1e-9))
        assert [(round(b.predicted, 6), b.observed.rate) for b in found.bins] == [(0.1, 0.1), (0.5, 0.5), (0.8, 0.8)]

    def test_a_level_that_is_off_shows_in_the_intercept(self) -> None:
        found = calibration(np.full(100, 0.5), np.array([True] * 20 + [False] * 80))
        assert found is not None
        assert found.slope is None
        assert found.intercept == pytest.approx(log(0.2 / 0.8))

    def test_nothing_is_fitted_where_all_had_the_event(self) -> None:
        found = calibration(np.array([0.2, 0.9]), np.array([True, True]))
        assert found is not None
        assert (found.slope, found.intercept, found.skill) == (None, None, None)
        assert found.brier == pytest.approx((0.64 + 0.01) / 2)

    def test_there_is_none_without_cases(self) -> None:
        assert calibration(np.array([]), np.array([], dtype=bool)) is None


class TestNaiveBayes:
    # won: DE, DE, SE; lost: SE, SE, none set
    COUNTRIES = ("DE", "DE", "SE", "SE", "SE", None)
    WON = np.array([True, True, True, False, False, False])

    def test_adds_a_tenth_to_each_count_and_skips_what_is_not_set(self) -> None:
        model = naive_bayes({"country": self.COUNTRIES}, self.WON)
        assert model is not None
        # won: DE 2.1, SE 1.1 of 3.2; lost: DE 0.1, SE 2.1 of 2.2; the shares of won and lost are equal
        won, lost = 2.1 / 3.2, 0.1 / 2.2
        german = won / (won + lost)
        swedish = (1.1 / 3.2) / (1.1 / 3.2 + 2.1 / 2.2)
        told = model.probabilities({"country": ["DE", "SE", None, "FR"]})
        assert told == pytest.approx([round(german, 4), round(swedish, 4), 0.5, 0.5])

    def test_fields_multiply(self) -> None:
        model = naive_bayes({"country": self.COUNTRIES, "again": self.COUNTRIES}, self.WON)
        assert model is not None
        odds = ((2.1 / 3.2) / (0.1 / 2.2)) ** 2
        assert model.probabilities({"country": ["DE"], "again": ["DE"]}) == pytest.approx([odds / (1 + odds)], abs=5e-5)

    def test_stays_within_the_bounds_that_are_shown(self) -> None:
        fields = {f"f{n}": ["a"] * 50 + ["b"] * 50 for n in range(20)}
        model = naive_bayes(fields, np.array([True] * 50 + [False] * 50))
        assert model is not None
        told = model.probabilities({name: ["a", "b"] for name in fields})
        assert told.tolist() == [0.9999, 0.0001]

    @pytest.mark.parametrize("won", [[True] * 3, [False] * 3])
    def test_needs_both_won_and_lost(self, won: list[bool]) -> None:
        assert naive_bayes({"country": ["DE", "SE", None]}, np.array(won)) is None

    def test_needs_a_field_that_is_set(self) -> None:
        assert naive_bayes({"country": [None, None]}, np.array([True, False])) is None
