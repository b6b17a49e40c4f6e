"""Fitted parameters on the CDNOW 1/10 sample: 2,357 customers, calibration to 1997-09-30, weeks.

Printed by CLVTools (tests/testthat/test_correctness_*.R), lifetimes (tests/test_estimation.py) and, for BG/NBD and
Pareto/NBD, in Fader, Hardie & Lee 2005, Marketing Science 24(2), table 2. Standard errors as CLVTools prints them
(Pareto/NBD), or from an independent numeric Hessian (BG/NBD).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.lifetime.histories import CALIBRATION_END, DATA_END, cohort, summary
from rapport.engine.scores.lifetime.models import Fit, GammaGamma, fit

CALIBRATED = [
    ("bg_nbd", {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}, -9582.429),
    ("pareto_nbd", {"r": 0.5533, "alpha": 10.5776, "s": 0.6062, "beta": 11.6688}, -9594.976),
    ("mbg_nbd", {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, -9582.13),
]
ERRORS = [
    ("bg_nbd", {"r": 0.01256, "alpha": 0.3782, "a": 0.1857, "b": 0.7053}),
    ("pareto_nbd", {"r": 0.0476, "alpha": 0.8427, "s": 0.1873, "beta": 6.2105}),
]


def fitted(name: str, folder: Path) -> Fit:
    return fit(name, cohort(folder, CALIBRATION_END).histories)


class TestCalibration:
    @pytest.mark.parametrize(("name", "printed", "log_likelihood"), CALIBRATED)
    def test_parameters_are_those_printed(
        self, name: str, printed: dict[str, float], log_likelihood: float, real_data: Path
    ) -> None:
        found = fitted(name, real_data)
        assert found.n == 2357
        assert {k: getattr(found.model, k) for k in printed} == pytest.approx(printed, rel=1e-3)
        assert found.log_likelihood == pytest.approx(log_likelihood, abs=0.01)
        assert found.converged
        assert found.warnings == ()

    @pytest.mark.parametrize(("name", "printed"), ERRORS)
    def test_standard_errors_are_those_printed(self, name: str, printed: dict[str, float], real_data: Path) -> None:
        assert fitted(name, real_data).standard_errors == pytest.approx(printed, rel=1.5e-3)

    @pytest.mark.parametrize(("name", "printed"), [("bg_nbd", -9582.4256), ("pareto_nbd", -9594.974)])
    def test_two_decimals_of_time_give_the_other_printed_likelihood(
        self, name: str, printed: float, real_data: Path
    ) -> None:
        assert fit(name, summary(real_data).histories).log_likelihood == pytest.approx(printed, abs=1e-3)

    def test_the_sum_over_customers_is_the_log_likelihood(self, real_data: Path) -> None:
        for name in ("bg_nbd", "mbg_nbd", "pareto_nbd"):
            found = fitted(name, real_data)
            rows = found.model.log_likelihood(cohort(real_data, CALIBRATION_END).histories)  # type: ignore[attr-defined]
            assert rows.sum() == pytest.approx(found.log_likelihood, abs=1e-6)


class TestSpend:
    """Fader & Hardie note 025; CLVTools, lifetimes: 946 repeat buyers."""

    def test_parameters_are_those_printed(self, real_data: Path) -> None:
        found = fit("gamma_gamma", summary(real_data).spend)
        assert found.n == 946
        printed = {"p": 6.2488, "q": 3.7446, "v": 15.4477}
        assert {k: getattr(found.model, k) for k in printed} == pytest.approx(printed, rel=1e-4)
        assert found.log_likelihood == pytest.approx(-4055.9232, abs=1e-3)


class TestAllSeventyEightWeeks:
    """Fader, Hardie & Lee 2005, JMR 42(4), p. 422: parameters over 78 weeks; their fit to the first 39: LL -9608."""

    def test_purchases(self, real_data: Path) -> None:
        found = fit("pareto_nbd", cohort(real_data, DATA_END).histories)
        printed = {"r": 0.5630, "alpha": 12.5591, "s": 0.4081, "beta": 10.5144}
        assert {k: getattr(found.model, k) for k in printed} == pytest.approx(printed, rel=2e-4)
        assert found.log_likelihood == pytest.approx(-17135.84, abs=0.01)
        first = found.model.log_likelihood(cohort(real_data, CALIBRATION_END).histories)  # type: ignore[attr-defined]
        assert first.sum() == pytest.approx(-9608.25, abs=0.01)

    def test_spend(self, real_data: Path) -> None:
        found = fit("gamma_gamma", cohort(real_data, DATA_END).spend).model
        assert isinstance(found, GammaGamma)
        assert (found.p, found.q, found.v) == pytest.approx((4.6835, 4.1898, 24.3905), rel=1e-4)
