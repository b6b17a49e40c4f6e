"""Logistic regression with a ridge agrees with scikit-learn and with the derivative of what it maximises."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from rapport.engine.statistics.ridge import ridge_logistic

rng = np.random.default_rng(7)
X = rng.normal(size=(400, 3))
EVENTS = rng.random(400) < 1 / (1 + np.exp(1 - X @ [1.0, -0.5, 0.0]))
DESIGN = np.column_stack([np.ones(400), X])
ONES = np.ones(400)


def test_coefficients_are_those_of_scikit_learn() -> None:
    beta, _ = ridge_logistic(DESIGN, EVENTS, weights=ONES, penalties=np.array([0.0, 2.0, 2.0, 2.0]))
    peer = LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(X, EVENTS)
    assert beta[1:] == pytest.approx(peer.coef_[0], abs=1e-5)
    assert beta[0] == pytest.approx(peer.intercept_[0], abs=1e-5)


def test_weights_count_as_repeated_rows() -> None:
    twice = np.r_[np.arange(400), np.arange(100)]
    weights = np.where(np.arange(400) < 100, 2.0, 1.0)
    one, _ = ridge_logistic(DESIGN, EVENTS, weights=weights, penalties=np.ones(4))
    other, _ = ridge_logistic(DESIGN[twice], EVENTS[twice], weights=np.ones(500), penalties=np.ones(4))
    assert one == pytest.approx(other, abs=1e-6)


def test_an_offset_moves_the_coefficients_by_as_much() -> None:
    beta, _ = ridge_logistic(DESIGN, EVENTS, weights=ONES, penalties=np.zeros(4))
    moved, _ = ridge_logistic(DESIGN, EVENTS, weights=ONES, penalties=np.zeros(4), offset=DESIGN @ [0.5, 0.0, 1.0, 0.0])
    assert beta - moved == pytest.approx(np.array([0.5, 0.0, 1.0, 0.0]), abs=1e-5)


def test_covariance_is_the_inverse_of_the_information() -> None:
    beta, covariance = ridge_logistic(DESIGN, EVENTS, weights=ONES, penalties=np.full(4, 3.0))
    chance = 1 / (1 + np.exp(-DESIGN @ beta))
    information = DESIGN.T @ (DESIGN * (chance * (1 - chance))[:, None]) + 3 * np.eye(4)
    assert covariance == pytest.approx(np.linalg.inv(information), abs=1e-6)


def test_separated_cases_end_where_the_ridge_holds_them() -> None:
    beta, _ = ridge_logistic(
        np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([False, True]), weights=np.ones(2), penalties=np.array([1.0, 0.1])
    )
    assert np.isfinite(beta).all()
    assert 0 < beta[1] < 10
