"""Logistic regression with a ridge, by Newton's method."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from rapport.engine.statistics.auc import Flags, Floats

_STEPS = 30
_CLOSE = 1e-5


def ridge_logistic(
    design: Floats,
    events: Flags,
    *,
    weights: Floats,
    penalties: Floats,
    offset: Floats | None = None,
    start: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Coefficients and their covariance: maximum of log-likelihood - sum(penalties x coefficients^2) / 2.

    Parameters: design, rows x columns, a column of ones among them where there is an intercept; penalties,
        one per column, 0 for what is not shrunk; offset, log-odds per row that are given.
    Returns: coefficients; inverse of information plus penalty.
    Source: Hosmer, Lemeshow and Sturdivant 2013, section 1.2; le Cessie and van Houwelingen 1992 for the ridge.
    """
    task = _Task(design, np.asarray(events, dtype=bool), weights, penalties, 0.0 if offset is None else offset)
    beta = np.zeros(design.shape[1]) if start is None else start.copy()
    best = task.loss(beta)
    for _ in range(_STEPS):
        information, slope = task.derivatives(beta)
        factor = cho_factor(information, lower=True)
        step = np.asarray(cho_solve(factor, slope))
        beta, best = task.damped(beta, step, best)
        if np.abs(step).max() < _CLOSE:  # the next step would be of the square of this one
            break
    return beta, np.asarray(cho_solve(factor, np.eye(len(beta))))


class _Task:
    """What is minimised, and its derivatives."""

    def __init__(
        self, design: Floats, events: Flags, weights: Floats, penalties: Floats, offset: Floats | float
    ) -> None:
        self.design, self.events, self.weights, self.penalties, self.offset = design, events, weights, penalties, offset

    def loss(self, beta: Floats) -> float:
        odds = self.design @ beta + self.offset
        loss = (np.logaddexp(0.0, np.where(self.events, -odds, odds)) * self.weights).sum()
        return float(loss + (self.penalties * beta**2).sum() / 2)

    def derivatives(self, beta: Floats) -> tuple[Floats, Floats]:
        """Information plus penalty, and the slope of the penalised likelihood."""
        chance = expit(self.design @ beta + self.offset)
        bend = chance * (1 - chance) * self.weights
        information: Floats = self.design.T @ (self.design * bend[:, None])
        # a hair on the diagonal keeps columns that no row has from being singular
        information[np.diag_indices_from(information)] += self.penalties + 1e-9
        return information, self.design.T @ ((self.events - chance) * self.weights) - self.penalties * beta

    def damped(self, beta: Floats, step: Floats, best: float) -> tuple[Floats, float]:
        """The full step, or half of it until it helps."""
        for _ in range(10):
            loss = self.loss(beta + step)
            if loss <= best + 1e-9:
                return beta + step, loss
            step = step / 2
        return beta, best
