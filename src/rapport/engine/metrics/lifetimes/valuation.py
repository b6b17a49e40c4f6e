"""What customers are expected to bring: models of the lifetime scores, fitted and asked at the end of a period.

    CLV = sum over months m = 1 .. H of E[purchases in month m] x E[amount of a purchase] / (1 + d)^m

Sources: Fader, Hardie & Lee 2005, Marketing Science 24(2) (BG/NBD); 2005, JMR 42(4) (Gamma-Gamma, discounting).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rapport.engine.metrics.lifetimes.purchase_log import Floats, Standing
from rapport.engine.scores.lifetime.learn import shrunk, sound_spend
from rapport.engine.scores.lifetime.models.bdw import Bdw
from rapport.engine.scores.lifetime.models.gamma_gamma import GammaGamma
from rapport.engine.scores.lifetime.models.groups import PurchaseGroups, SpendGroups, TermGroups
from rapport.engine.scores.lifetime.models.registry import PURCHASE_MODELS
from rapport.engine.scores.lifetime.spec import DAYS_A_MONTH

MOST_FITTED = 100_000  # customers that a model is fitted on
_SEED = 20_050_501
_WIDE = 100_000  # more days, and more purchase days, than any history has
_DIGITS = 3  # amounts that agree in so many digits are one class in a fit
_POWERS = 64  # of ten that amounts may have


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """Attributes: months ahead; discount, by which a month makes a sum worth less (0.01: 1 %)."""

    months: int = 12
    discount: float = 0.01


@dataclass(frozen=True)
class PurchaseModel:
    """Models of purchases and of amounts, fitted on customers as they stood. spend is None where no amount is known."""

    purchases: Any
    spend: GammaGamma | None

    def alive(self, customers: Standing) -> Floats:
        """P(still a customer) of each."""
        return np.asarray(self.purchases.probability_alive(groups_of(customers)))

    def amount(self, customers: Standing) -> Floats:
        """Expected amount of a purchase of each; nan where no amount is known of anybody."""
        if self.spend is None:
            return np.full(len(customers), np.nan)
        mean = customers.mean_spend
        return self.spend.expected_value(np.where(mean > 0, customers.priced_days, 0).astype(np.float64), mean)

    def value(self, customers: Standing, horizon: Horizon) -> Floats:
        """Discounted amounts within the horizon of each."""
        return self.alive(customers) * self._times(customers, horizon) * self.amount(customers)

    def _times(self, customers: Standing, horizon: Horizon) -> Floats:
        """Discounted purchases of one who is still there: of x and age alone, so worked out once for each pair."""
        pairs, place = np.unique(customers.x * 1e6 + customers.age, return_inverse=True)
        x, age = np.floor(pairs / 1e6), pairs % 1e6
        just_bought = PurchaseGroups(x, np.where(x > 0, age, 0.0), age)
        total, before = np.zeros(len(pairs)), np.zeros(len(pairs))
        for month in range(1, horizon.months + 1):
            so_far = self.purchases.expected_purchases(just_bought, horizon=month * DAYS_A_MONTH)
            total += (so_far - before) / (1 + horizon.discount) ** month
            before = so_far
        return np.asarray((total / self.purchases.probability_alive(just_bought))[place])


def groups_of(customers: Standing) -> PurchaseGroups:
    return PurchaseGroups(customers.x, customers.t_x, customers.age)


def fitted(customers: Standing, model: str) -> PurchaseModel:
    """The model of all customers as they stood, drawn toward a customary one where they are few.

    Parameters: model, bg_nbd, mbg_nbd or pareto_nbd.
    """
    share = min(1.0, MOST_FITTED / max(len(customers), 1))
    groups = _histories(customers, share)
    repeat = float(groups.weight[groups.x > 0].sum())
    purchases = shrunk(PURCHASE_MODELS[model], groups, informative=repeat).model
    amounts = _amounts(customers, share)
    if amounts is None:
        return PurchaseModel(purchases, None)
    known, _ = sound_spend(shrunk(GammaGamma, amounts, informative=repeat), amounts)
    assert isinstance(known.model, GammaGamma)
    return PurchaseModel(purchases, known.model)


def _histories(customers: Standing, share: float) -> PurchaseGroups:
    """Customers by history, thinned to a share of them."""
    keys = (customers.x * _WIDE + customers.t_x) * _WIDE + customers.age
    rows, counts = np.unique(keys.astype(np.int64), return_counts=True)
    kept, weight = _thinned(counts, share)
    rows = rows[kept]
    x, t_x, age = rows // _WIDE**2, rows // _WIDE % _WIDE, rows % _WIDE
    return PurchaseGroups(x, t_x, age, weight)


def _amounts(customers: Standing, share: float) -> SpendGroups | None:
    """Customers by purchase days and narrow classes of mean spend, thinned to a share of them."""
    told = customers.mean_spend > 0
    if not told.any():
        return None
    count, mean = customers.priced_days[told], customers.mean_spend[told]
    power = np.floor(np.log10(mean)).astype(np.int64)
    digits = np.floor(mean / 10.0 ** (power - _DIGITS + 1)).astype(np.int64)
    keys = (count * _POWERS + power + _POWERS // 2) * 10 ** (_DIGITS + 1) + digits
    rows, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    means = np.bincount(place.reshape(-1), mean) / counts
    kept, weight = _thinned(counts, share)
    days = rows[kept] // (_POWERS * 10 ** (_DIGITS + 1))
    return SpendGroups(days, means[kept], weight) if kept.any() else None


def _thinned(counts: np.ndarray, share: float) -> tuple[np.ndarray, Floats]:
    """Which groups are kept and how many customers of each: drawn by group, whatever the order of customers."""
    if share < 1:
        counts = np.random.default_rng(_SEED).binomial(counts, share)
    kept = counts > 0
    return kept, counts[kept].astype(np.float64)


@dataclass(frozen=True)
class ContractModel:
    """How customers under contract are kept, month by month."""

    renewals: Bdw

    def months(self, age_days: Floats, horizon: Horizon) -> Floats:
        """Discounted months within the horizon that each is expected to pay."""
        ages, place = np.unique(np.floor(age_days / DAYS_A_MONTH), return_inverse=True)
        months = self.renewals.expected_residual_life(ages, horizon=horizon.months, discount=horizon.discount)
        return np.asarray(months[place])


def fitted_contracts(age_days: Floats, ended: np.ndarray) -> ContractModel:
    """From days under contract so far and whether it has ended; an end counts in the month in which it came."""
    months = np.floor(age_days / DAYS_A_MONTH)
    at = np.where(ended, months + 1, months).astype(np.int64)
    length = int(at.max(initial=1)) + 1
    groups = TermGroups(
        np.arange(float(length)),
        np.bincount(at[ended], minlength=length).astype(np.float64),
        np.bincount(at[~ended], minlength=length).astype(np.float64),
    )
    found = shrunk(Bdw, groups, informative=float(ended.sum())).model
    assert isinstance(found, Bdw)
    return ContractModel(found)
