"""Likelihoods and probabilities where naive formulas overflow: cases that other packages print."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.scores.lifetime.models import BgNbd, MbgNbd, ParetoNbd, PurchaseGroups

BUSY = PurchaseGroups(np.array([0, 200.0]), np.array([0, 38.0]), np.full(2, 40.0))


@pytest.mark.parametrize(
    ("model", "printed"),
    [
        (BgNbd(0.25, 4, 0.8, 2.5), [-0.59947382, 100.7957]),
        (MbgNbd(0.25, 4, 0.8, 2.5), [-0.41792826, 100.7869]),
    ],
)
def test_numerically_stable_log_density(model: BgNbd, printed: list[float]) -> None:
    """pymc-marketing tests/clv/test_distributions.py, after Hardie note 027."""
    assert model.log_likelihood(BUSY) == pytest.approx(printed, abs=5.1e-5)


def test_pareto_nbd_of_very_frequent_buyers_is_finite() -> None:
    """CLVTools, cases for which P(alive) was not a number: x up to 254 in 100 weeks."""
    model = ParetoNbd(0.5143, 2.8845, 0.2856, 14.1087)
    customers = PurchaseGroups(
        np.array([221, 254, 161, 204.0]),
        np.array([103.43, 97.14, 94.71, 98.57]),
        np.array([103.57, 97.29, 98.00, 99.43]),
    )
    alive = model.probability_alive(customers)
    assert np.isfinite(alive).all()
    assert (alive > 0).all()
    assert (alive < 1).all()
    assert np.isfinite(model.log_likelihood(customers)).all()
    assert np.isfinite(model.expected_purchases(customers, horizon=52)).all()
    # silent for 23 days in one who bought every 4: doubtful; silent for a day: alive
    assert alive[2] < alive[3] < alive[0]
