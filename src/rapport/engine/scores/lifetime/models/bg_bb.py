"""BG/BB: customers who can buy only at given times (a yearly appeal, a race, a monthly box).

Alive, a customer buys at an opportunity with probability p ~ beta(alpha, beta); before each one they drop out
with probability theta ~ beta(gamma, delta). Groups: x purchases, the last at opportunity t_x, of T opportunities.
Source: Fader, Hardie & Shang 2010, Marketing Science 29(6), equations 5, 8, 11, 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import betaln, digamma, gammaln, logsumexp

from rapport.engine.scores.lifetime.models.base import Model, end_of
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups
from rapport.engine.scores.lifetime.models.optimum import Objective


@dataclass(frozen=True)
class BgBb(Model):
    """Attributes: alpha, beta (of buying), gamma, delta (of dropping out); all above 0. Times count opportunities."""

    alpha: float
    beta: float
    gamma: float
    delta: float

    name: ClassVar[str] = "bg_bb"

    def log_likelihood(self, customers: PurchaseGroups) -> Floats:
        """Log probability of one history with these x, t_x and T, row by row."""
        return np.asarray(logsumexp(self._ways(customers), axis=1))

    def _ways(self, customers: PurchaseGroups) -> Floats:
        """Log probability of each way a history can be: gone after opportunity t_x + column, or alive (last)."""
        x, last, n = customers.x[:, None], customers.t_x[:, None], customers.T[:, None]
        longest = int((customers.T - customers.t_x).max(initial=0))
        i = np.arange(longest + 1.0)[None, :]
        end = np.where(i < longest, last + i, n)
        gone = (i < longest) & (end < n)
        alive = i == longest
        buying = betaln(self.alpha + x, self.beta + np.maximum(end - x, 0)) - betaln(self.alpha, self.beta)
        staying = betaln(self.gamma + gone, self.delta + end) - betaln(self.gamma, self.delta)
        return np.where(gone | alive, buying + staying, -np.inf)

    def _alive_through(self, customers: PurchaseGroups, ahead: int) -> Floats:
        """P(alive at opportunity T + 1 .. T + ahead | history), one column each."""
        ways = self._ways(customers)
        now = np.exp(ways[:, -1] - logsumexp(ways, axis=1))
        n = customers.T[:, None]
        j = np.arange(1.0, ahead + 1)[None, :]
        stay = betaln(self.gamma, self.delta + n + j) - betaln(self.gamma, self.delta + n)
        return np.asarray(now[:, None] * np.exp(stay))

    def probability_alive(self, customers: PurchaseGroups) -> Floats:
        """P(still a customer at the next opportunity, T + 1 | history)."""
        return self._alive_through(customers, 1)[:, 0]

    def expected_purchases(self, customers: PurchaseGroups, *, horizon: float) -> Floats:
        """E[purchases at opportunities T + 1 .. T + horizon | history]; a part of an opportunity counts in part."""
        return self.discounted_purchases(customers, horizon=horizon, rate=0.0)

    def discounted_purchases(self, customers: PurchaseGroups, *, horizon: float, rate: float) -> Floats:
        """The same, the purchase at opportunity T + j worth exp(-rate j)."""
        end = end_of(horizon, rate)
        ahead = max(1, int(np.ceil(end)))
        j = np.arange(1.0, ahead + 1)
        counted = np.clip(end - (j - 1), 0, 1) * np.exp(-rate * j)
        buys = (self.alpha + customers.x) / (self.alpha + self.beta + customers.T)
        return np.asarray(buys * (self._alive_through(customers, ahead) @ counted))

    def expected_purchases_of_new(self, times: Floats) -> Floats:
        """E[X(n)] at n opportunities; n is rounded down."""
        n = np.floor(np.atleast_1d(np.asarray(times, dtype=float))).astype(int)
        j = np.arange(1.0, max(int(n.max(initial=1)), 1) + 1)
        stay = np.exp(betaln(self.gamma, self.delta + j) - betaln(self.gamma, self.delta))
        sums = np.append(0.0, np.cumsum(stay))
        return np.asarray(self.alpha / (self.alpha + self.beta) * sums[n])

    def pmf(self, counts: Floats, time: float) -> Floats:
        """P(X(n) = x) at n = `time` opportunities. Source: equation 7."""
        new = PurchaseGroups(np.zeros(1), np.zeros(1), np.zeros(1))
        whole = self.future_pmf(new, horizon=time, most=int(time))[0]
        n = np.asarray(counts, dtype=int)
        return np.where(n < len(whole), whole[np.minimum(n, len(whole) - 1)], 0.0)

    def future_pmf(self, customers: PurchaseGroups, *, horizon: float, most: int) -> Floats:
        """P(n purchases at the next `horizon` opportunities | history), columns n = 0 .. most."""
        ahead = int(horizon)
        through = self._alive_through(customers, ahead + 1) if ahead else self._alive_through(customers, 1)
        ways = self._ways(customers)
        now = np.exp(ways[:, -1] - logsumexp(ways, axis=1))
        edges = np.column_stack([now, through[:, :ahead]])
        ends = np.column_stack([edges[:, :-1] - edges[:, 1:], edges[:, -1]])  # opportunities lived: 0 .. ahead
        a, b = (self.alpha + customers.x)[:, None], (self.beta + customers.T - customers.x)[:, None]
        n = np.arange(most + 1.0)[None, :]
        out = np.zeros((len(customers), most + 1))
        out[:, 0] += 1 - now
        for lived in range(ahead + 1):
            room = np.maximum(lived - n, 0)
            log_share = gammaln(lived + 1) - gammaln(n + 1) - gammaln(room + 1) + betaln(a + n, b + room) - betaln(a, b)
            out += ends[:, [lived]] * np.where(n <= lived, np.exp(log_share), 0.0)
        return out

    def draw_future(
        self, customers: PurchaseGroups, *, horizon: float, draws: int, random: np.random.Generator
    ) -> Floats:
        """Purchases at the next `horizon` opportunities, one row per group, one column per draw."""
        cumulative = np.cumsum(self.future_pmf(customers, horizon=horizon, most=int(horizon)), axis=1)
        drawn = random.random((len(customers), draws))
        return np.asarray((drawn[:, :, None] > cumulative[:, None, :]).sum(axis=2), dtype=np.float64)

    @classmethod
    def objective(cls, groups: PurchaseGroups) -> Objective:
        def value_and_gradient(theta: Floats) -> tuple[float, Floats]:
            return _value_and_gradient(cls.at(theta), groups)

        return value_and_gradient

    @classmethod
    def coarse(cls, groups: PurchaseGroups) -> PurchaseGroups:
        return groups

    @classmethod
    def starts(cls, groups: PurchaseGroups) -> list[Floats]:
        return [np.log(np.array([1.0, 1.0, 0.7, 3.0])), np.log(np.array([1.0, 5.0, 1.0, 10.0]))]

    @classmethod
    def box(cls, groups: PurchaseGroups) -> tuple[Floats, Floats]:
        return np.full(4, -8.0), np.full(4, 10.0)

    def cautions(self) -> tuple[str, ...]:
        if self.gamma / (self.gamma + self.delta) < 1e-3:
            return ("No dropout was found: everybody is taken for a customer still.",)
        if self.gamma + self.delta > 500:
            return ("Dropout looks alike for all customers (gamma and delta are very large).",)
        return ()


def _value_and_gradient(model: BgBb, groups: PurchaseGroups) -> tuple[float, Floats]:
    """The gradient is the mean, over the ways a history can be, of the gradient of each way."""
    ways = model._ways(groups)
    total = logsumexp(ways, axis=1)
    share = np.exp(ways - total[:, None])
    x, last, n = groups.x[:, None], groups.t_x[:, None], groups.T[:, None]
    longest = ways.shape[1] - 1
    i = np.arange(longest + 1.0)[None, :]
    end = np.where(i < longest, np.minimum(last + i, n), n)
    gone = (i < longest).astype(float)
    a, b, g, d = model.alpha, model.beta, model.gamma, model.delta
    both_buy = digamma(a + b) - digamma(a + b + end)
    both_stay = digamma(g + d) - digamma(g + gone + d + end)
    parts = (
        digamma(a + x) - digamma(a) + both_buy,
        digamma(b + np.maximum(end - x, 0)) - digamma(b) + both_buy,
        digamma(g + gone) - digamma(g) + both_stay,
        digamma(d + end) - digamma(d) + both_stay,
    )
    gradient = np.array([float(groups.weight @ (share * part).sum(axis=1)) for part in parts])
    return float(groups.weight @ total), gradient * np.array([a, b, g, d])
