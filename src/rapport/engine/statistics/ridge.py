"""Logistic regression with a ridge, by Newton's method."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from rapport.engine.statistics.auc import Flags, Floats

_STEPS = 30
_CLOSE = 1e-7


def ridge_logistic(
    design: Floats, events: Flags, *, weights: Floats, penalties: Floats, start: Floats | None = None
) -> tuple[Floats, Floats]:
    """Coefficients and their standard errors: maximum of log-likelihood - sum(penalties x coefficients^2) / 2.

    Parameters: design, rows x columns, a column of ones among them where there is an intercept; penalties,
        one per column, 0 for what is not shrunk.
    Returns: coefficients; square roots of the diagonal of the inverse of information plus penalty.
    Source: Hosmer, Lemeshow and Sturdivant 2013, section 1.2; le Cessie and van Houwelingen 1992 for the ridge.
    """
    beta = np.zeros(design.shape[1]) if start is None else start.copy()
    best = _loss(design, events, weights, penalties, beta)
    for _ in range(_STEPS):
        factor, slope = _newton(design, events, weights, penalties, beta)
        step = cho_solve(factor, slope)
        beta, best = _damped(design, events, weights, penalties, beta, step, best)
        if np.abs(step).max() < _CLOSE:
            break
    factor, _ = _newton(design, events, weights, penalties, beta)
    inverse = cho_solve(factor, np.eye(len(beta)))
    return beta, np.sqrt(np.maximum(np.diag(inverse), 0.0))


def _newton(
    design: Floats, events: Flags, weights: Floats, penalties: Floats, beta: Floats
) -> tuple[tuple[Floats, bool], Floats]:
    chance = expit(design @ beta)
    bend = chance * (1 - chance) * weights
    information = design.T @ (design * bend[:, None])
    # a hair on the diagonal keeps columns that no row has from being singular
    information[np.diag_indices_from(information)] += penalties + 1e-9
    return cho_factor(information, lower=True), design.T @ ((events - chance) * weights) - penalties * beta


def _damped(
    design: Floats, events: Flags, weights: Floats, penalties: Floats, beta: Floats, step: Floats, best: float
) -> tuple[Floats, float]:
    """The full step, or half of it until it helps."""
    for _ in range(10):
        loss = _loss(design, events, weights, penalties, beta + step)
        if loss <= best + 1e-9:
            return beta + step, loss
        step = step / 2
    return beta, best


def _loss(design: Floats, events: Flags, weights: Floats, penalties: Floats, beta: Floats) -> float:
    odds = design @ beta
    loss = (np.logaddexp(0.0, np.where(events, -odds, odds)) * weights).sum()
    return float(loss + (penalties * beta**2).sum() / 2)
