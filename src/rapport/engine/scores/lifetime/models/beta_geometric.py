"""What BG/NBD and MBG/NBD share: Poisson purchases at gamma rates, a chance to drop out after a purchase.

While alive a customer buys at rate lambda ~ gamma(r, rate alpha); at each chance to drop out, they do so with
probability p ~ beta(a, b). In BG/NBD the chances are the repeat purchases; in MBG/NBD the first purchase
is one too, so that one-time buyers may be gone. `first` counts that extra chance: 0 or 1.

Sources: Fader, Hardie & Lee 2005, Marketing Science 24(2), equations 6, 7, 10 (BG/NBD); Batislam, Denizel & Filiztekin
2007, IJRM 24(3) (MBG/NBD); Fader & Hardie note 027 on numerical stability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betainc, betaln, digamma, expit, gammaln, xlogy

from rapport.engine.scores.lifetime.models.base import Model, end_of
from rapport.engine.scores.lifetime.models.beta_mixture import discounted_mean, purchases_mean
from rapport.engine.scores.lifetime.models.coarse import coarse_purchases, time_box
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups, distinct, weighted
from rapport.engine.scores.lifetime.models.optimum import Objective


@dataclass(frozen=True)
class BetaGeometric(Model):
    """Attributes: r, alpha (unit of time), a, b; all above 0."""

    r: float
    alpha: float
    a: float
    b: float

    first: ClassVar[int] = 0

    # --- one customer -------------------------------------------------------------------------------

    def _dead_odds(self, x: Floats, t_x: Floats, age: Floats) -> Floats:
        """log(density of having dropped out at t_x / density of being alive at T); -inf where that cannot be."""
        chances = x + self.first
        odds = np.log(self.a) - np.log(np.maximum(self.b + chances - 1, 1e-300))
        odds = odds + (self.r + x) * (np.log(self.alpha + age) - np.log(self.alpha + t_x))
        return np.where(chances > 0, odds, -np.inf)

    def log_likelihood(self, customers: PurchaseGroups) -> Floats:
        """Log density of (x, t_x, T), row by row."""
        x, age = customers.x, customers.T
        buying = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha)
        staying = betaln(self.a, self.b + x + self.first) - betaln(self.a, self.b)
        dead = np.logaddexp(0.0, self._dead_odds(x, customers.t_x, age))
        return np.asarray(buying + staying - (self.r + x) * np.log(self.alpha + age) + dead)

    def probability_alive(self, customers: PurchaseGroups) -> Floats:
        """P(alive at T | x, t_x, T); in BG/NBD 1 for one-time buyers, by the model's assumption."""
        return np.asarray(expit(-self._dead_odds(customers.x, customers.t_x, customers.T)))

    def expected_purchases(self, customers: PurchaseGroups, *, horizon: float) -> Floats:
        """E[purchases in (T, T + horizon] | x, t_x, T]."""
        return self.probability_alive(customers) * self._if_alive(customers, horizon, 0.0)

    def discounted_purchases(self, customers: PurchaseGroups, *, horizon: float, rate: float) -> Floats:
        """The same, each purchase worth exp(-rate x time until it)."""
        return self.probability_alive(customers) * self._if_alive(customers, end_of(horizon, rate), rate)

    def _if_alive(self, customers: PurchaseGroups, horizon: float, rate: float) -> Floats:
        """Of (x, T) alone, so worked out once for each pair."""
        xs, x = distinct(customers.x)
        ages, age = distinct(customers.T)
        pairs, place = np.unique(x * len(ages) + age, return_inverse=True)
        kind, alpha = pairs // len(ages), self.alpha + ages[pairs % len(ages)]
        r, b = self.r + xs, self.b + xs + self.first
        if rate:
            return discounted_mean(r, b, self.a, kind, alpha, horizon, rate)[place]
        return purchases_mean(r, b, self.a, kind, horizon / alpha)[place]

    # --- a customer about whom nothing is known -----------------------------------------------------

    def expected_purchases_of_new(self, times: Floats) -> Floats:
        """E[X(t)]: repeat purchases of a randomly chosen customer in (0, t]."""
        t = np.atleast_1d(np.asarray(times, dtype=float))
        starts = self.b / (self.a + self.b) if self.first else 1.0
        r, b = np.array([self.r]), np.array([self.b + self.first])
        return starts * purchases_mean(r, b, self.a, np.zeros(len(t), dtype=np.intp), t / self.alpha)

    def pmf(self, counts: Floats, time: float) -> Floats:
        """P(X(t) = n)."""
        n = np.asarray(counts, dtype=float)
        return _pmf(n, self.r, self.alpha, self.a, self.b, time, self.first)

    # --- the future as it may turn out ----------------------------------------------------------------

    def future_pmf(self, customers: PurchaseGroups, *, horizon: float, most: int) -> Floats:
        """P(n purchases in (T, T + horizon] | x, t_x, T), columns n = 0 .. most: the outcome's own spread."""
        alive = self.probability_alive(customers)[:, None]
        x, age = customers.x[:, None], customers.T[:, None]
        n = np.arange(most + 1.0)[None, :]
        if_alive = _pmf(n, self.r + x, self.alpha + age, self.a, self.b + x + self.first, horizon, 0)
        return np.asarray(alive * if_alive + (1 - alive) * (n == 0))

    def draw_future(
        self, customers: PurchaseGroups, *, horizon: float, draws: int, random: np.random.Generator
    ) -> Floats:
        """Purchases in (T, T + horizon], one row per group, one column per draw."""
        shape = (len(customers), draws)
        x, age = customers.x[:, None], customers.T[:, None]
        alive = random.random(shape) < self.probability_alive(customers)[:, None]
        rate = random.gamma(self.r + x, size=shape) / (self.alpha + age)
        leaving = random.beta(self.a, self.b + x + self.first, size=shape)
        bought = random.poisson(rate * horizon)
        until_gone = random.geometric(np.maximum(leaving, 1e-12))
        return np.asarray(np.where(alive, np.minimum(bought, until_gone), 0), dtype=np.float64)

    # --- fitting --------------------------------------------------------------------------------------

    @classmethod
    def objective(cls, groups: PurchaseGroups) -> Objective:
        return _Likelihood(groups, cls.first)

    @classmethod
    def coarse(cls, groups: PurchaseGroups) -> PurchaseGroups:
        return coarse_purchases(groups)

    @classmethod
    def starts(cls, groups: PurchaseGroups) -> list[Floats]:
        age = max(float(np.average(groups.T, weights=groups.weight)), 1e-6)
        rate = max(float(np.average(groups.x, weights=groups.weight)) / age, 1e-9)
        r = 0.5
        return [np.log(np.array([r, r / rate, 0.8, 2.5])), np.log(np.array([2.0, 2.0 / rate, 0.2, 2.0]))]

    @classmethod
    def box(cls, groups: PurchaseGroups) -> tuple[Floats, Floats]:
        low, high = time_box(groups)
        return np.array([-7.0, low, -9.0, -9.0]), np.array([9.0, high, 11.0, 12.0])

    def cautions(self) -> tuple[str, ...]:
        said = []
        if self.a / (self.a + self.b) < 1e-3:
            said.append("No dropout was found: everybody is taken for a customer still.")
        elif self.a + self.b > 500:
            said.append(
                "Dropout looks alike for all customers (a and b are very large): they are not determined apart."
            )
        if self.r > 200:
            said.append("All customers look as if they bought at the same rate (r is very large).")
        return tuple(said)


def _pmf(
    n: Floats, r: Floats | float, alpha: Floats | float, a: float, b: Floats | float, time: float, first: int
) -> Floats:
    """P(n purchases within `time`): still there and n bought, or gone at the n-th after at least n would be bought."""
    success = alpha / (alpha + time)
    chances = n + first
    bought = gammaln(r + n) - gammaln(r) - gammaln(n + 1) + r * np.log(success) + xlogy(n, 1 - success)
    at_least = np.where(n > 0, betainc(np.maximum(n, 1), r, 1 - success), 1.0)
    stay = np.exp(betaln(a, b + chances) - betaln(a, b) + bought)
    leave = np.exp(betaln(a + 1, b + np.maximum(chances, 1) - 1) - betaln(a, b)) * at_least
    return np.asarray(stay + np.where(chances > 0, leave, 0.0))


class _Likelihood:
    """Weighted log-likelihood and gradient; what depends on one of x, t_x and T is worked out once for each value."""

    def __init__(self, groups: PurchaseGroups, first: int) -> None:
        self.first, self.total = first, groups.customers
        self.xs, x = distinct(groups.x)
        self.ages, age = distinct(groups.T)
        w = groups.weight
        self.w_x = np.bincount(x, w, len(self.xs))
        self.w_age = np.bincount(age, w, len(self.ages))
        self.wx_age = np.bincount(age, w * groups.x, len(self.ages))
        may = groups.x + first > 0
        self.w, self.x, self.age = w[may], x[may], age[may]
        self.lasts, self.last = distinct(groups.t_x[may])

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(theta)
        value, gradient = self._by_count(r, alpha, a, b)
        log_age, log_last = np.log(alpha + self.ages), np.log(alpha + self.lasts)
        value -= float((r * self.w_age + self.wx_age) @ log_age)
        gradient[0] -= self.w_age @ log_age
        gradient[1] -= (r * self.w_age + self.wx_age) @ (1 / (alpha + self.ages))
        value += self._dead(r, alpha, a, b, log_age, log_last, gradient)
        return value, gradient * np.array([r, alpha, a, b])

    def _by_count(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Floats]:
        xs, w, chances = self.xs, self.w_x, self.xs + self.first
        buying = gammaln(r + xs) - gammaln(r)
        value = float(w @ (buying + betaln(a, b + chances) - betaln(a, b))) + self.total * r * np.log(alpha)
        both = digamma(a + b) - digamma(a + b + chances)
        gradient = np.array(
            [
                w @ (digamma(r + xs) - digamma(r)) + self.total * np.log(alpha),
                self.total * r / alpha,
                w @ both,
                w @ (digamma(b + chances) - digamma(b) + both),
            ]
        )
        return value, gradient

    def _dead(
        self, r: float, alpha: float, a: float, b: float, log_age: Floats, log_last: Floats, gradient: Floats
    ) -> float:
        """The part of those who may have dropped out; adds to the gradient, returns the value."""
        before = np.maximum(b + self.xs + self.first - 1, 1e-300)
        since = log_age[self.age] - log_last[self.last]
        power = (r + self.xs)[self.x]
        odds = (np.log(a) - np.log(before))[self.x] + power * since
        small = np.exp(-np.abs(odds))
        value = weighted(self.w, np.maximum(odds, 0) + np.log1p(small))
        dead = self.w * np.where(odds > 0, 1.0, small) / (1 + small)
        by_x = np.bincount(self.x, dead, len(self.xs))
        gradient[0] += weighted(dead, since)
        powered = dead * power
        gradient[1] += weighted(powered, (1 / (alpha + self.ages))[self.age] - (1 / (alpha + self.lasts))[self.last])
        gradient[2] += by_x.sum() / a
        gradient[3] -= float((by_x / before)[self.xs + self.first > 0].sum())
        return value
