"""Beta-discrete-Weibull: who renews a contract; the shifted-beta-geometric is its case c = 1.

A contract survives k renewals with probability S(k) = E[(1 - theta)^(k^c)], theta ~ beta(a, b):
S(k) = B(a, b + k^c) / B(a, b). c above 1: the individual's risk grows with time; below 1: it falls.
Sources: Fader & Hardie 2007, J. Interactive Marketing 21(1) (sBG); Fader, Hardie, Liu, Davin & Steenburgh 2018,
J. Interactive Marketing 43 (BdW).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betaln, digamma

from rapport.engine.scores.lifetime.models.base import Model
from rapport.engine.scores.lifetime.models.groups import Floats, TermGroups
from rapport.engine.scores.lifetime.models.optimum import Objective


@dataclass(frozen=True)
class Bdw(Model):
    """Attributes: a, b (of the chance to end), c (how the risk moves with time); all above 0."""

    a: float
    b: float
    c: float = 1.0

    name: ClassVar[str] = "bdw"

    def log_survival(self, renewals: Floats) -> Floats:
        k = np.asarray(renewals, dtype=float)
        return np.asarray(betaln(self.a, self.b + k**self.c) - betaln(self.a, self.b))

    def survival(self, renewals: Floats) -> Floats:
        """S(k): share of contracts that come through k renewals; S(0) = 1."""
        return np.exp(self.log_survival(renewals))

    def retention(self, renewals: Floats) -> Floats:
        """S(k) / S(k - 1): share of those due for renewal k who renew; k = 1, 2, ..."""
        k = np.asarray(renewals, dtype=float)
        return np.exp(self.log_survival(k) - self.log_survival(k - 1))

    def probability_of_renewals(self, renewals: Floats, *, ahead: float) -> Floats:
        """P(comes through the next `ahead` renewals | came through k): 1 minus the risk of churn within them."""
        k = np.asarray(renewals, dtype=float)
        return np.exp(self.log_survival(k + ahead) - self.log_survival(k))

    def expected_residual_life(self, renewals: Floats, *, horizon: int, discount: float = 0.0) -> Floats:
        """Expected number of the next `horizon` renewals that a contract with k renewals behind it makes.

        Parameters: discount, d per period: renewal k + j counts (1 + d)^-j. Times the price of a period it is the
            value still to come, the period already paid left out.
        """
        k = np.atleast_1d(np.asarray(renewals, dtype=float))[:, None]
        j = np.arange(1.0, horizon + 1)[None, :]
        stay = np.exp(self.log_survival(k + j) - self.log_survival(k))
        return np.asarray(stay @ (1 + discount) ** -np.arange(1.0, horizon + 1))

    def log_likelihood(self, contracts: TermGroups) -> Floats:
        """Log probability of each row's contracts, counts applied: ended x log(S(k-1) - S(k)) + survived x log S(k)."""
        k = contracts.renewal
        after, before = self.log_survival(k), self.log_survival(np.maximum(k - 1, 0))
        ending = before + np.log(np.maximum(-np.expm1(after - before), 1e-300))
        ended = np.where(contracts.ended > 0, contracts.ended * np.where(contracts.ended > 0, ending, 0.0), 0.0)
        return np.asarray(ended + contracts.survived * after)

    @classmethod
    def objective(cls, groups: TermGroups) -> Objective:
        fitted = cls.parameter_names()

        def value_and_gradient(theta: Floats) -> tuple[float, Floats]:
            model = cls.at(theta)
            gradient = _gradient(model, groups)[: len(fitted)] * np.exp(theta)
            return float(model.log_likelihood(groups).sum()), gradient

        return value_and_gradient

    @classmethod
    def coarse(cls, groups: TermGroups) -> TermGroups:
        return groups

    @classmethod
    def starts(cls, groups: TermGroups) -> list[Floats]:
        size = len(cls.parameter_names())
        return [np.log(np.array(start)[:size]) for start in ((1.0, 1.0, 1.0), (0.7, 4.0, 1.2), (2.0, 20.0, 0.8))]

    @classmethod
    def box(cls, groups: TermGroups) -> tuple[Floats, Floats]:
        size = len(cls.parameter_names())
        return np.array([-8.0, -8.0, -3.0])[:size], np.array([9.0, 11.0, 2.0])[:size]

    def cautions(self) -> tuple[str, ...]:
        if self.a / (self.a + self.b) < 1e-4:
            return ("Hardly any contract ended: how they differ is not determined.",)
        if self.a + self.b > 500:
            return ("The risk to end looks alike for all contracts (a and b are very large).",)
        return ()


@dataclass(frozen=True)
class Sbg(Bdw):
    """Shifted-beta-geometric: each contract's risk stays the same over time (c = 1)."""

    name: ClassVar[str] = "sbg"
    fixed: ClassVar[tuple[str, ...]] = ("c",)


def _slopes(model: Bdw, k: Floats) -> tuple[Floats, Floats, Floats]:
    """Derivatives of log S(k) by a, b and c."""
    power = k**model.c
    a, b = model.a, model.b
    both = digamma(a + b) - digamma(a + b + power)
    grown = digamma(b + power) - digamma(a + b + power)
    return both, digamma(b + power) - digamma(b) + both, grown * power * np.log(np.maximum(k, 1e-300)) * (k > 0)


def _gradient(model: Bdw, groups: TermGroups) -> Floats:
    """Of the weighted log-likelihood by a, b and c."""
    k, before = groups.renewal, np.maximum(groups.renewal - 1, 0)
    drop = -np.expm1(model.log_survival(k) - model.log_survival(before))  # 1 - retention
    safe = np.where(groups.ended > 0, np.maximum(drop, 1e-300), 1.0)
    parts = []
    for now, then in zip(_slopes(model, k), _slopes(model, before), strict=True):
        ending = then - (1 - drop) * (now - then) / safe
        parts.append(float(groups.ended @ ending + groups.survived @ now))
    return np.array(parts)
