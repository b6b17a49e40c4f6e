"""Gamma-Gamma: what repeat buyers spend per purchase, drawn towards the average where purchases are few.

A customer's amounts are gamma(p, rate nu); nu ~ gamma(q, rate v) over customers; both independent of how often they
buy. Source: Fader, Hardie & Lee 2005, JMR 42(4), and Fader & Hardie note 025, equations 1a, 3 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, gammaln

from rapport.engine.scores.lifetime.models.base import Model
from rapport.engine.scores.lifetime.models.groups import Floats, SpendGroups, distinct
from rapport.engine.scores.lifetime.models.optimum import Objective


@dataclass(frozen=True)
class GammaGamma(Model):
    """Attributes: p, q, v (unit of money); all above 0."""

    p: float
    q: float
    v: float

    name: ClassVar[str] = "gamma_gamma"

    def log_likelihood(self, spenders: SpendGroups) -> Floats:
        """Log density of the mean spend given x, row by row."""
        px, m = self.p * spenders.x, spenders.mean_spend
        constant = gammaln(px + self.q) - gammaln(px) - gammaln(self.q) + self.q * np.log(self.v)
        powers = (px - 1) * spenders.mean_log_spend + px * np.log(spenders.x)
        return np.asarray(constant + powers - (px + self.q) * np.log(self.v + spenders.x * m))

    @property
    def expected_value_of_new(self) -> float:
        """E[amount of a purchase] of a customer about whom nothing is known; infinite where q <= 1."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("inf")

    def expected_value(self, x: Floats, mean_spend: Floats) -> Floats:
        """E[amount of a purchase | x, mean spend]: between the customer's own mean and everybody's.

        One-time buyers (x = 0) get everybody's. Where q <= 1 everybody's mean is infinite and so is theirs.
        """
        x, spend = np.asarray(x, dtype=float), np.where(np.asarray(x) > 0, mean_spend, 0.0)
        below = self.p * x + self.q - 1
        return np.where(below > 0, self.p * (self.v + x * spend) / np.where(below > 0, below, 1.0), np.inf)

    def draw_spend(self, x: Floats, mean_spend: Floats, purchases: Floats, *, random: np.random.Generator) -> Floats:
        """Total amount of `purchases` (one row per customer, one column per draw) as it may turn out."""
        x = np.asarray(x, dtype=float)
        seen = np.where(x > 0, x * np.where(x > 0, mean_spend, 0.0), 0.0)
        rate = random.gamma((self.q + self.p * x)[:, None], size=purchases.shape) / (self.v + seen)[:, None]
        total = random.gamma(np.maximum(self.p * purchases, 1e-12)) / rate
        return np.where(purchases > 0, total, 0.0)

    @classmethod
    def objective(cls, groups: SpendGroups) -> Objective:
        return _Likelihood(groups)

    @classmethod
    def coarse(cls, groups: SpendGroups) -> SpendGroups:
        """Ranges of 5 % of spend, with means; x kept."""
        if len(groups) <= 6_000:
            return groups
        key = groups.x.astype(np.int64) * 100_000 + np.floor(groups.mean_log_spend / 0.05).astype(np.int64) + 50_000
        _, place = np.unique(key, return_inverse=True)
        weight = np.asarray(np.bincount(place, groups.weight), dtype=np.float64)

        def mean(values: Floats) -> Floats:
            return np.asarray(np.bincount(place, values * groups.weight) / weight)

        return SpendGroups(mean(groups.x), mean(groups.mean_spend), weight, mean(groups.mean_log_spend))

    @classmethod
    def starts(cls, groups: SpendGroups) -> list[Floats]:
        spend = float(np.average(groups.mean_spend, weights=groups.weight))
        return [
            np.log(np.array([p, q, spend * max(q - 1, 0.5) / p])) for p, q in ((6.0, 4.0), (1.0, 2.0), (30.0, 10.0))
        ]

    @classmethod
    def box(cls, groups: SpendGroups) -> tuple[Floats, Floats]:
        unit = float(np.log(np.average(groups.mean_spend, weights=groups.weight)))
        return np.array([-6.0, -6.0, unit - 16.0]), np.array([12.0, 10.0, unit + 12.0])

    def cautions(self) -> tuple[str, ...]:
        if self.q <= 1:
            return (f"The average amount is infinite under this fit (q = {self.q:.3g} is not above 1).",)
        if self.q > 2_000:
            return ("All customers look as if they spent alike (q is very large).",)
        return ()


class _Likelihood:
    def __init__(self, groups: SpendGroups) -> None:
        self.xs, self.place = distinct(groups.x)
        self.w, self.x = groups.weight, groups.x
        self.bought = groups.x * groups.mean_spend
        self.w_x = np.bincount(self.place, self.w, len(self.xs))
        self.log_spend = np.bincount(self.place, self.w * groups.mean_log_spend, len(self.xs))

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(theta)
        xs, w, px = self.xs, self.w_x, p * self.xs
        total = float(w.sum())
        logs = np.bincount(self.place, self.w * np.log(v + self.bought), len(xs))
        inverse = np.bincount(self.place, self.w / (v + self.bought), len(xs))
        constant = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v) + px * np.log(xs)
        value = float(w @ constant + (px - 1) @ self.log_spend - (px + q) @ logs)
        by_p = xs @ (w * (digamma(px + q) - digamma(px) + np.log(xs)) + self.log_spend - logs)
        by_q = w @ (digamma(px + q) - digamma(q)) + total * np.log(v) - logs.sum()
        by_v = total * q / v - (px + q) @ inverse
        return value, np.array([by_p * p, by_q * q, by_v * v])
