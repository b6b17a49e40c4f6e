"""What is expected of running contracts: whether they end, and what they still bring, with 90 % intervals.

Between two renewals a contract's survival falls evenly by the share of ends that come within a term, and at the
renewal by the rest (`Cohort.at_renewal`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rapport.engine.scores.lifetime.expectation import Estimate, log_interval, probability_of, variance_of
from rapport.engine.scores.lifetime.fitted import Cohort
from rapport.engine.scores.lifetime.models.bdw import Bdw
from rapport.engine.scores.lifetime.models.groups import Floats
from rapport.engine.scores.lifetime.spec import DAYS_A_MONTH

_NEARLY = 0.999  # a renewal that is due but not yet certain has not happened


@dataclass(frozen=True, kw_only=True)
class Running:
    """Running contracts of one cohort. Arrays of equal length: renewals so far, days since the start."""

    renewals: Floats
    age_days: Floats

    def take(self, rows: np.ndarray) -> Running:
        return replace(self, renewals=self.renewals[rows], age_days=self.age_days[rows])

    def position(self, renewal_months: int) -> Floats:
        """Terms behind it, the part of the present one counted in."""
        term = renewal_months * DAYS_A_MONTH
        return self.renewals + np.clip(self.age_days / term - self.renewals, 0.0, _NEARLY)


def log_survival(model: Bdw, position: Floats, at_renewal: float) -> Floats:
    """Log of the share of contracts that come as far, in terms."""
    whole = np.floor(position)
    before, after = model.log_survival(whole), model.log_survival(whole + 1)
    within = (1 - at_renewal) * (position - whole)
    return np.asarray(before + np.log1p(within * np.expm1(after - before)))


def lost_of(cohort: Cohort, contracts: Running, *, horizon_days: float, renewal_months: int) -> Estimate:
    """P(ends within the horizon), 0..1."""
    at = contracts.position(renewal_months)
    share, term = _share(cohort), renewal_months * DAYS_A_MONTH

    def ends(model: object) -> Floats:
        assert isinstance(model, Bdw)
        there = log_survival(model, at + horizon_days / term, share) - log_survival(model, at, share)
        return np.asarray(-np.expm1(there))

    return probability_of(cohort.known, ends)


def months_of(
    cohort: Cohort, contracts: Running, *, horizon_days: float, renewal_months: int, rate_per_day: float
) -> Estimate:
    """Expected months within the horizon that it still runs, each worth exp(-rate x days until it)."""

    def months(model: object) -> Floats:
        return months_under(model, cohort, contracts, horizon_days, renewal_months, rate_per_day)

    found = log_interval(months(cohort.known.model), variance_of(cohort.known, lambda m: np.log(months(m))))
    most = np.maximum(full_months(horizon_days, rate_per_day), found.value)
    return replace(found, high=np.minimum(found.high, most))


def months_under(
    model: object, cohort: Cohort, contracts: Running, horizon_days: float, renewal_months: int, rate_per_day: float
) -> Floats:
    """`months_of` under another model of the cohort."""
    assert isinstance(model, Bdw)
    at, share = contracts.position(renewal_months), _share(cohort)
    return _months(model, at, share, horizon_days, renewal_months * DAYS_A_MONTH, rate_per_day)


def full_months(horizon_days: float, rate_per_day: float) -> float:
    """The discounted months of the horizon: what a contract brings that is sure to run on."""
    if rate_per_day == 0:
        return horizon_days / DAYS_A_MONTH
    return float(-np.expm1(-rate_per_day * horizon_days) / rate_per_day / DAYS_A_MONTH)


def _months(model: Bdw, at: Floats, share: float, horizon: float, term: float, rate: float) -> Floats:
    """Midpoints of equal steps of at most half a month."""
    steps = int(np.ceil(2 * horizon / DAYS_A_MONTH))
    days = (np.arange(steps) + 0.5) * horizon / steps
    start = log_survival(model, at, share)
    total = np.zeros(len(at))
    for day in days:
        total += np.exp(log_survival(model, at + day / term, share) - start - rate * day)
    return np.asarray(total * horizon / steps / DAYS_A_MONTH)


def _share(cohort: Cohort) -> float:
    return 1.0 if cohort.at_renewal is None else cohort.at_renewal
