"""Renewals of contracts: Fader & Hardie 2007, J. Interactive Marketing 21(1), table 1 (1,000 customers each).

sBG: parameters for 7 renewals printed there; BdW: README of the package retenmod (High End, 4 renewals). Series
beyond renewal 7 are the paper's holdout. The other rows come from a second, independent program.
"""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.scores.lifetime.models import Bdw, TermGroups, fit

ALIVE = {
    "High End": [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4],
    "Regular": [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3],
}
SBG = [
    ("High End", 7, 0.668, 3.806, -1611.16, "85.1 74.7 67.0 61.0 56.2 52.2 48.9 46.0 43.6 41.4 39.5 37.8"),
    ("Regular", 7, 0.704, 1.182, -1680.27, "62.7 47.4 38.8 33.2 29.2 26.2 23.9 22.0 20.4 19.1 18.0 17.0"),
    ("Regular", 4, 0.764, 1.296, -1401.56, "62.9 47.2 38.3 32.5 28.4 25.4 23.0 21.0 19.4 18.1 16.9 16.0"),
    ("High End", 4, 1.281, 7.790, -1225.14, "85.9 75.0 66.3 59.2 53.4 48.6 44.4 40.9 37.8 35.2 32.8 30.7"),
]
BDW = [
    ("High End", 4, (0.2594, 1.7228, 1.5843)),
    ("Regular", 7, (0.4556, 0.7793, 1.2835)),
]
MAPE = [
    ("High End", 7, 2.83, 1.27),
    ("Regular", 7, 1.49, 1.38),
    ("Regular", 4, 5.40, 1.31),
    ("High End", 4, 13.21, 1.68),
]


def contracts(cohort: str, renewals: int) -> TermGroups:
    return TermGroups.of_survivors(np.array(ALIVE[cohort][: renewals + 1]) * 10)


def mape(model: Bdw, cohort: str, renewals: int) -> float:
    """Mean absolute percentage error of survival beyond the renewals that were used."""
    later = np.arange(renewals + 1.0, 13.0)
    actual = np.array(ALIVE[cohort][renewals + 1 :]) / 100
    return float(100 * np.mean(np.abs(model.survival(later) - actual) / actual))


@pytest.mark.parametrize(("cohort", "renewals", "alpha", "beta", "log_likelihood", "projected"), SBG)
def test_sbg(cohort: str, renewals: int, alpha: float, beta: float, log_likelihood: float, projected: str) -> None:
    found = fit("sbg", contracts(cohort, renewals))
    model = found.model
    assert isinstance(model, Bdw)
    assert model.c == 1
    assert (model.a, model.b) == pytest.approx((alpha, beta), rel=7e-4)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=5.1e-3)
    assert found.converged
    survival = 100 * model.survival(np.arange(1.0, 13.0))
    assert survival == pytest.approx([float(s) for s in projected.split()], abs=0.051)


@pytest.mark.parametrize(("cohort", "renewals", "printed"), BDW)
def test_bdw(cohort: str, renewals: int, printed: tuple[float, float, float]) -> None:
    model = fit("bdw", contracts(cohort, renewals)).model
    assert isinstance(model, Bdw)
    assert (model.a, model.b, model.c) == pytest.approx(printed, rel=3e-4)


@pytest.mark.parametrize(("cohort", "renewals", "sbg", "bdw"), MAPE)
def test_error_beyond_the_renewals_used(cohort: str, renewals: int, sbg: float, bdw: float) -> None:
    for name, printed in (("sbg", sbg), ("bdw", bdw)):
        model = fit(name, contracts(cohort, renewals)).model
        assert isinstance(model, Bdw)
        assert mape(model, cohort, renewals) == pytest.approx(printed, abs=0.02)
