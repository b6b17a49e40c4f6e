"""Calibration is changed only where it is asked for, and little is known of little."""

import json

import numpy as np
import pytest
from scipy.special import expit

from rapport.engine.statistics.calibrator import Calibrator, fit_calibrator
from rapport.engine.statistics.venn_abers import venn_abers_steps


def told(rows: int, *, slope: float = 1.0, shift: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds, and events of which `slope` x log-odds + `shift` is the truth."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(-1, 1.5, rows)
    return odds, rng.random(rows) < expit(slope * odds + shift)


class TestACalibrator:
    def test_leaves_right_probabilities_alone(self) -> None:
        odds, events = told(5000)
        fitted = fit_calibrator(odds, events)
        assert fitted.method == "identity"
        assert (fitted.log_odds(odds) == odds).all()

    def test_finds_slope_and_shift_of_few_cases(self) -> None:
        odds, events = told(900, slope=0.4, shift=-0.8)
        fitted = fit_calibrator(odds, events)
        assert fitted.method == "platt"
        assert fitted.slope == pytest.approx(0.4, abs=0.12)
        assert fitted.shift == pytest.approx(-0.8, abs=0.25)

    def test_takes_venn_abers_where_there_are_many(self) -> None:
        odds, events = told(20_000, slope=0.5)
        fitted = fit_calibrator(odds, events)
        assert fitted.method == "venn_abers"
        at = np.array([-2.0, -1.0, 0.0])
        assert fitted.probabilities(at) == pytest.approx(expit(0.5 * at), abs=0.03)

    def test_a_handful_of_cases_changes_nothing_and_says_how_little_is_known(self) -> None:
        few = fit_calibrator(np.array([-1.0, -1.0, 0.0]), np.array([True, False, True]))
        many = fit_calibrator(*told(5000))
        at = np.array([-1.0])
        assert few.method == "identity"
        (low, high), (near, far) = few.interval(at), many.interval(at)
        assert high[0] - low[0] > 0.3
        assert far[0] - near[0] < 0.04

    def test_its_interval_holds_the_rate_nine_times_in_ten(self) -> None:
        at, held = np.array([0.5]), 0
        for seed in range(200):
            low, high = fit_calibrator(*told(400, slope=0.6, shift=0.2, seed=seed), method="platt").interval(at)
            held += bool(low[0] <= expit(0.6 * 0.5 + 0.2) <= high[0])
        assert 170 <= held <= 195

    def test_rows_that_were_not_told_are_left_out(self) -> None:
        odds, events = told(500)
        odds[:100] = np.nan
        assert fit_calibrator(odds, events).n == 400

    @pytest.mark.parametrize("method", ["identity", "platt", "venn_abers"])
    def test_comes_back_from_json(self, method: str) -> None:
        odds, events = told(2000)
        fitted = fit_calibrator(odds, events, method=method)
        again = Calibrator.from_dict(json.loads(json.dumps(fitted.to_dict())))
        assert again == fitted
        assert (again.probabilities(odds) == fitted.probabilities(odds)).all()


def test_venn_abers_agrees_with_isotonic_regression_by_hand() -> None:
    """Scores 1, 2, 3 with events 0, 1, 0. A nonevent added at 2 gives 0, then (1 + 0 + 0) / 3 pooled with 3."""
    scores, low, high = venn_abers_steps(np.array([3.0, 1.0, 2.0]), np.array([False, False, True]))
    assert scores.tolist() == [1.0, 2.0, 3.0]
    assert low == pytest.approx([0.0, 1 / 3, 1 / 3])
    assert high == pytest.approx([0.5, 2 / 3, 2 / 3])
