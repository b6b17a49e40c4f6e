"""What is expected of customers given their purchase histories, with 90 % intervals of the expectations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from rapport.engine.scores.lifetime.curves import Ahead, Figure, alive, buys, if_alive, purchases
from rapport.engine.scores.lifetime.fitted import STEP, Cohort, Known
from rapport.engine.scores.lifetime.models.gamma_gamma import GammaGamma
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups
from rapport.engine.statistics.calibrator import Calibrator

Z_90 = 1.6448536269514722  # the 95th percentile of the standard normal distribution
EDGE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Customers of one cohort. Arrays of equal length, in the model's unit of time; spend is the mean of a purchase."""

    x: Floats
    t_x: Floats
    age: Floats
    spend_count: Floats
    spend: Floats

    @property
    def groups(self) -> PurchaseGroups:
        return PurchaseGroups(self.x, self.t_x, self.age)

    def take(self, rows: np.ndarray) -> Histories:
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure with the 90 % interval that the fit leaves open. Arrays of equal length."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Of each customer: P(still there), purchases within the horizon, the same discounted, and one purchase's worth.

    Attributes: worth is nan where no amount is known of anybody.
    """

    alive: Floats
    purchases: Floats
    discounted: Floats
    worth: Floats

    @property
    def value(self) -> Floats:
        return self.discounted * self.worth


def expected(cohort: Cohort, customers: Histories, ahead: Ahead) -> Expected:
    """What is expected of each customer within the horizon."""
    model = cohort.known.model
    there = alive(model, customers.groups)
    plain = if_alive(purchases, model, customers.x, customers.age, replace(ahead, rate=0.0))
    discounted = if_alive(purchases, model, customers.x, customers.age, ahead) if ahead.rate else plain
    worth = np.full(len(there), np.nan)
    if cohort.spend is not None:
        worth = worth_of(cohort.spend.model, customers)
    return Expected(alive=there, purchases=there * plain, discounted=there * discounted, worth=worth)


def value_of(cohort: Cohort, customers: Histories, ahead: Ahead) -> Estimate:
    """Money within the horizon; nan where no amount is known of anybody."""
    found = expected(cohort, customers, ahead)
    if cohort.spend is None:
        return Estimate(value=found.value, low=found.value, high=found.value)
    variance = variance_of(cohort.known, lambda m: np.log(times_alive(purchases, m, customers, ahead)))
    variance = variance + variance_of(cohort.spend, lambda m: np.log(worth_of(m, customers)))
    return log_interval(found.value, variance)


def purchases_of(cohort: Cohort, customers: Histories, ahead: Ahead) -> Estimate:
    """Purchases within the horizon, not discounted."""
    plain = replace(ahead, rate=0.0)
    value = times_alive(purchases, cohort.known.model, customers, plain)
    return log_interval(value, variance_of(cohort.known, lambda m: np.log(times_alive(purchases, m, customers, plain))))


def alive_of(cohort: Cohort, customers: Histories) -> Estimate:
    """P(still a customer), 0..1."""
    return probability_of(cohort.known, lambda m: alive(m, customers.groups))


def silent_of(cohort: Cohort, customers: Histories, ahead: Ahead, calibrator: Calibrator | None = None) -> Estimate:
    """P(no purchase within the horizon), 0..1, corrected by a calibrator where there is one."""
    found = probability_of(cohort.known, lambda m: 1.0 - times_alive(buys, m, customers, ahead))
    if calibrator is None or calibrator.method == "identity":
        return found
    odds = _odds(found.value)
    low, high = calibrator.interval(odds)
    of_line, of_model = (_odds(high) - _odds(low)) / 2, calibrator.slope * (_odds(found.high) - _odds(found.low)) / 2
    middle, reach = calibrator.log_odds(odds), np.hypot(of_line, of_model)
    return Estimate(value=expit(middle), low=expit(middle - reach), high=expit(middle + reach))


def corrected(chance: Floats, calibrator: Calibrator | None) -> Floats:
    """A chance of silence as `silent_of` tells it."""
    if calibrator is None or calibrator.method == "identity":
        return chance
    return np.asarray(expit(calibrator.log_odds(_odds(chance))))


def _odds(chance: Floats) -> Floats:
    return np.asarray(logit(np.clip(chance, EDGE, 1 - EDGE)))


def gone_of(cohort: Cohort, customers: Histories) -> Estimate:
    """P(not a customer any more), 0..1."""
    return probability_of(cohort.known, lambda m: 1.0 - alive(m, customers.groups))


def worth_if_alive(cohort: Cohort, customers: Histories, ahead: Ahead) -> Floats:
    """Money within the horizon from a customer who is there still: what is lost where one goes."""
    kept = if_alive(purchases, cohort.known.model, customers.x, customers.age, ahead)
    if cohort.spend is None:
        return np.full(len(kept), np.nan)
    return np.asarray(kept * worth_of(cohort.spend.model, customers))


def times_alive(figure: Figure, model: object, customers: Histories, ahead: Ahead) -> Floats:
    return alive(model, customers.groups) * if_alive(figure, model, customers.x, customers.age, ahead)


def worth_of(model: object, customers: Histories) -> Floats:
    assert isinstance(model, GammaGamma)
    return model.expected_value(customers.spend_count, customers.spend)


def variance_of(known: Known, figure: Callable[[object], Floats]) -> Floats:
    """Variance of a figure (on a scale without ends) that the parameters leave: differences along their axes."""
    total: Floats | float = 0.0
    for below, above in known.shifted():
        slope = (figure(above) - figure(below)) / (2 * STEP)
        total = total + np.where(np.isfinite(slope), slope, 0.0) ** 2
    return np.asarray(total)


def log_interval(value: Floats, variance: Floats) -> Estimate:
    reach = np.exp(np.minimum(Z_90 * np.sqrt(variance), 50.0))
    return Estimate(value=value, low=value / reach, high=value * reach)


def probability_of(known: Known, figure: Callable[[object], Floats]) -> Estimate:
    """A probability, its interval taken on log-odds."""

    def odds(model: object) -> Floats:
        return np.asarray(logit(np.clip(figure(model), EDGE, 1 - EDGE)))

    value = np.clip(figure(known.model), 0.0, 1.0)
    reach = Z_90 * np.sqrt(variance_of(known, odds))
    at = logit(np.clip(value, EDGE, 1 - EDGE))
    certain = (value <= EDGE) | (value >= 1 - EDGE)
    low, high = np.asarray(expit(at - reach)), np.asarray(expit(at + reach))
    return Estimate(value=value, low=np.where(certain, value, low), high=np.where(certain, value, high))
