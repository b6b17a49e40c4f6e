"""Pareto/NBD: customers may drop out at any time, bought or not.

Alive, a customer buys at rate lambda ~ gamma(r, rate alpha) and dies at rate mu ~ gamma(s, rate beta).
Sources: Schmittlein, Morrison & Colombo 1987, Management Science 33(1); Fader & Hardie note 009 (likelihood, P(alive),
conditional expectation); Fader, Hardie & Lee 2005, JMR 42(4), equation 2 (discounted expected transactions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, expit, gammaln

from rapport.engine.scores.lifetime.models.base import Model, end_of
from rapport.engine.scores.lifetime.models.coarse import coarse_purchases, time_box
from rapport.engine.scores.lifetime.models.death_time import DeathTimes, death_times
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups, distinct, weighted
from rapport.engine.scores.lifetime.models.optimum import Objective

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True)
class ParetoNbd(Model):
    """Attributes: r, alpha (buying), s, beta (dropping out); alpha and beta in the unit of time; all above 0."""

    r: float
    alpha: float
    s: float
    beta: float

    name: ClassVar[str] = "pareto_nbd"

    @property
    def _parameters(self) -> tuple[float, float, float, float]:
        return self.r, self.alpha, self.s, self.beta

    def _deaths(self, customers: PurchaseGroups) -> DeathTimes:
        return death_times(self._parameters, customers.x, customers.t_x, customers.T)

    def log_likelihood(self, customers: PurchaseGroups) -> Floats:
        """Log density of (x, t_x, T), row by row."""
        x, deaths = customers.x, self._deaths(customers)
        constant = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha) + self.s * np.log(self.beta)
        return np.asarray(constant + np.logaddexp(deaths.log_alive, deaths.log_dead))

    def probability_alive(self, customers: PurchaseGroups) -> Floats:
        """P(alive at T | x, t_x, T)."""
        deaths = self._deaths(customers)
        return np.asarray(expit(deaths.log_alive - deaths.log_dead))

    def expected_purchases(self, customers: PurchaseGroups, *, horizon: float) -> Floats:
        """E[purchases in (T, T + horizon] | x, t_x, T]."""
        return np.asarray(self._rate_now(customers) * _lived(self.beta + customers.T, self.s, horizon))

    def discounted_purchases(self, customers: PurchaseGroups, *, horizon: float, rate: float) -> Floats:
        """The same, each purchase worth exp(-rate x time until it).

        An infinite horizon gives the discounted expected residual transactions (DERT), which the paper writes with
        Tricomi's function: (alpha, beta)^(r, s) rate^(s-1) Gamma(r+x+1) Psi(s, s; rate (beta+T)) / (...).
        """
        end = end_of(horizon, rate)
        if rate == 0:
            return self.expected_purchases(customers, horizon=end)
        ages, place = distinct(customers.T)
        return np.asarray(self._rate_now(customers) * _discounted_life(self.beta + ages, self.s, end, rate)[place])

    def _rate_now(self, customers: PurchaseGroups) -> Floats:
        """P(alive) x the mean rate of buying of those alive."""
        return np.asarray(self.probability_alive(customers) * (self.r + customers.x) / (self.alpha + customers.T))

    def expected_purchases_of_new(self, times: Floats) -> Floats:
        """E[X(t)]: repeat purchases of a randomly chosen customer in (0, t]."""
        t = np.atleast_1d(np.asarray(times, dtype=float))
        return np.asarray(self.r / self.alpha * _lived(np.full(len(t), self.beta), self.s, t))

    def pmf(self, counts: Floats, time: float) -> Floats:
        """P(X(t) = n)."""
        n = np.asarray(counts, dtype=float)[None, :]
        return np.asarray(_pmf(n, self.r, self.alpha, self.s, np.array([self.beta]), time)[0])

    def future_pmf(self, customers: PurchaseGroups, *, horizon: float, most: int) -> Floats:
        """P(n purchases in (T, T + horizon] | x, t_x, T), columns n = 0 .. most: the outcome's own spread."""
        alive = self.probability_alive(customers)[:, None]
        n = np.arange(most + 1.0)[None, :]
        x, age = customers.x[:, None], customers.T[:, None]
        if_alive = _pmf(n, self.r + x, self.alpha + age, self.s, self.beta + customers.T, horizon)
        return np.asarray(alive * if_alive + (1 - alive) * (n == 0))

    def draw_future(
        self, customers: PurchaseGroups, *, horizon: float, draws: int, random: np.random.Generator
    ) -> Floats:
        """Purchases in (T, T + horizon], one row per group, one column per draw."""
        shape = (len(customers), draws)
        x, age = customers.x[:, None], customers.T[:, None]
        alive = random.random(shape) < self.probability_alive(customers)[:, None]
        buying = random.gamma(self.r + x, size=shape) / (self.alpha + age)
        with np.errstate(divide="ignore", over="ignore"):
            life = random.exponential(size=shape) / (random.gamma(self.s, size=shape) / (self.beta + age))
        bought = random.poisson(buying * np.minimum(life, horizon))
        return np.asarray(np.where(alive, bought, 0), dtype=np.float64)

    @classmethod
    def objective(cls, groups: PurchaseGroups) -> Objective:
        return _Likelihood(groups)

    @classmethod
    def coarse(cls, groups: PurchaseGroups) -> PurchaseGroups:
        return coarse_purchases(groups)

    @classmethod
    def starts(cls, groups: PurchaseGroups) -> list[Floats]:
        age = max(float(np.average(groups.T, weights=groups.weight)), 1e-6)
        rate = max(float(np.average(groups.x, weights=groups.weight)) / age, 1e-9)
        return [np.log(np.array([0.6, 0.4 / rate, 0.6, age / 3]))]

    @classmethod
    def box(cls, groups: PurchaseGroups) -> tuple[Floats, Floats]:
        low, high = time_box(groups)
        return np.array([-7.0, low, -9.0, low]), np.array([9.0, high, 9.0, high])

    def cautions(self) -> tuple[str, ...]:
        said = []
        if self.s > 200:
            said.append("Dropout looks alike for all customers (s is very large): s and beta are not determined apart.")
        if self.s < 1e-3:
            said.append("No dropout was found: everybody is taken for a customer still.")
        if self.r > 200:
            said.append("All customers look as if they bought at the same rate (r is very large).")
        return tuple(said)


def _lived(beta: Floats, s: float, time: float | Floats) -> Floats:
    """Expected time lived within `time` by customers alive now: integral of (beta / (beta + t))^s."""
    log_ratio = np.log1p(np.asarray(time) / beta)
    near_one = abs(s - 1) < 1e-9
    return np.asarray(beta * (log_ratio if near_one else -np.expm1((1 - s) * log_ratio) / (s - 1)))


def _discounted_life(beta: Floats, s: float, end: float, rate: float) -> Floats:
    """Integral of exp(-rate t) (beta / (beta + t))^s over (0, end): Gauss-Legendre in log(beta + t)."""
    half = np.log1p(end / beta) / 2
    y = half[:, None] * (_NODES + 1)
    time = beta[:, None] * np.expm1(y)
    return np.asarray(half * beta * (np.exp((1 - s) * y - rate * time) @ _WEIGHTS))


def _pmf(n: Floats, r: Floats | float, alpha: Floats | float, s: float, beta: Floats, time: float) -> Floats:
    """P(n purchases within `time`): a negative binomial up to the end or up to death, summed over times of death."""
    half = np.log1p(time / beta) / 2
    ways = gammaln(r + n) - gammaln(r) - gammaln(n + 1)

    def bought(until: Floats | float) -> Floats:
        log_share = np.log(alpha / (alpha + until))
        log_rest = np.log(np.maximum(until / (alpha + until), 1e-300))
        return np.asarray(np.exp(ways + r * log_share + n * log_rest))

    out = np.exp(-2 * s * half)[:, None] * bought(time)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        y = half * (node + 1)
        out = out + (s * half * weight * np.exp(-s * y))[:, None] * bought((beta * np.expm1(y))[:, None])
    return np.asarray(out)


class _Likelihood:
    """Weighted log-likelihood and gradient: the mean of the alive and the dead parts' gradients."""

    def __init__(self, groups: PurchaseGroups) -> None:
        self.x, self.t_x, self.age, self.w = groups.x, groups.t_x, groups.T, groups.weight
        self.xs, place = distinct(groups.x)
        self.w_x = np.bincount(place, self.w, len(self.xs))

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        r, alpha, s, beta = np.exp(theta)
        deaths = death_times((r, alpha, s, beta), self.x, self.t_x, self.age, means=True)
        total = float(self.w_x.sum())
        mixed = np.logaddexp(deaths.log_alive, deaths.log_dead)
        value = weighted(self.w, mixed) + self.w_x @ (gammaln(r + self.xs) - gammaln(r))
        value += total * (r * np.log(alpha) + s * np.log(beta))
        alive = self.w * np.exp(deaths.log_alive - mixed)
        dead = self.w - alive
        assert deaths.log_buying is not None and deaths.log_dying is not None  # noqa: PT018
        assert deaths.per_buying is not None and deaths.per_dying is not None  # noqa: PT018
        by_r = self.w_x @ (digamma(r + self.xs) - digamma(r)) + total * np.log(alpha)
        by_r -= weighted(alive, np.log(alpha + self.age)) + weighted(dead, deaths.log_buying)
        by_alpha = total * r / alpha - weighted(r + self.x, alive / (alpha + self.age) + dead * deaths.per_buying)
        by_s = total * np.log(beta) + dead.sum() / s
        by_s -= weighted(alive, np.log(beta + self.age)) + weighted(dead, deaths.log_dying)
        by_beta = total * s / beta - s * weighted(alive, 1 / (beta + self.age))
        by_beta -= (s + 1) * weighted(dead, deaths.per_dying)
        return float(value), np.array([by_r * r, by_alpha * alpha, by_s * s, by_beta * beta])
