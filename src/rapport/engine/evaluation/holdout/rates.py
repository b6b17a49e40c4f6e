"""Differences of rates and of means between two random groups, with intervals; strata weighed by their size.

A stratum (a band, at the time of assignment) may have a share of its own held out, so groups are compared within
strata and the differences are averaged with the strata's sizes as weights. With one stratum it is the plain difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from scipy.stats import norm, t

from rapport.engine.statistics.auc import Floats

_DRAWS = 2_000


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure with its interval; `error` is its standard error."""

    value: float
    low: float
    high: float
    error: float

    @property
    def tells(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Of one arm in one stratum: how many there are and how many had the event."""

    n: int
    events: int

    @property
    def rate(self) -> float:
        return self.events / self.n


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One stratum: the treated and the held out."""

    treated: Tally
    control: Tally

    @property
    def n(self) -> int:
        return self.treated.n + self.control.n


def rate_difference(pairs: Sequence[Pair], *, confidence: float = 0.95) -> Estimate | None:
    """Treated rate less control rate. None where no stratum has both.

    The interval adds, in squares, the distances of Wilson's limits from each rate, weighed; with one stratum it is
    Newcombe's hybrid score interval. The error is Wald's.
    Source: Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10;
    Zou & Donner 2008 for sums of more than two.
    """
    usable = [p for p in pairs if p.treated.n and p.control.n]
    if not usable:
        return None
    z = float(norm.ppf(0.5 + confidence / 2))
    total = sum(p.n for p in usable)
    value = down = up = error = 0.0
    for pair in usable:
        weight = pair.n / total
        ours, theirs = pair.treated, pair.control
        (l1, u1), (l2, u2) = wilson(ours, z), wilson(theirs, z)
        value += weight * (ours.rate - theirs.rate)
        down += weight**2 * ((ours.rate - l1) ** 2 + (u2 - theirs.rate) ** 2)
        up += weight**2 * ((u1 - ours.rate) ** 2 + (theirs.rate - l2) ** 2)
        error += weight**2 * (ours.rate * (1 - ours.rate) / ours.n + theirs.rate * (1 - theirs.rate) / theirs.n)
    return Estimate(value=value, low=value - sqrt(down), high=value + sqrt(up), error=sqrt(error))


def wilson(tally: Tally, z: float) -> tuple[float, float]:
    """Wilson's score interval of a rate."""
    n, p = tally.n, tally.rate
    centre, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (centre - spread) / scale, (centre + spread) / scale


def lift(treated: Tally, control: Tally, *, confidence: float = 0.95) -> Estimate | None:
    """Treated rate over control rate, less 1. None where either has no event.

    Source: Katz et al. 1978 (the interval of the logarithm of the ratio).
    """
    if not (treated.events and control.events):
        return None
    z = float(norm.ppf(0.5 + confidence / 2))
    ratio = treated.rate / control.rate
    error = sqrt(1 / treated.events - 1 / treated.n + 1 / control.events - 1 / control.n)
    return Estimate(
        value=ratio - 1, low=exp(log(ratio) - z * error) - 1, high=exp(log(ratio) + z * error) - 1, error=ratio * error
    )


def mean_difference(groups: Sequence[tuple[Floats, Floats]], *, confidence: float = 0.95) -> Estimate | None:
    """Mean of the treated less that of the control, by strata (treated, control). None without two of each somewhere.

    The interval is Welch's: Student's with Satterthwaite's degrees of freedom.
    Source: Welch 1947; Satterthwaite 1946.
    """
    usable = [(a, b) for a, b in groups if len(a) > 1 and len(b) > 1]
    if not usable:
        return None
    total = sum(len(a) + len(b) for a, b in usable)
    value = variance = below = 0.0
    for ours, theirs in usable:
        weight = (len(ours) + len(theirs)) / total
        value += weight * float(ours.mean() - theirs.mean())
        for side in (ours, theirs):
            part = weight**2 * float(side.var(ddof=1)) / len(side)
            variance += part
            below += part**2 / (len(side) - 1)
    if variance == 0:
        return Estimate(value=value, low=value, high=value, error=0.0)
    reach = float(t.ppf(0.5 + confidence / 2, variance**2 / below)) * sqrt(variance)
    return Estimate(value=value, low=value - reach, high=value + reach, error=sqrt(variance))


def bootstrapped(
    groups: Sequence[tuple[Floats, Floats]], *, seed: int, confidence: float = 0.95, draws: int = _DRAWS
) -> tuple[float, float] | None:
    """Percentile interval of `mean_difference` from `draws` resamples with a seed; None where that is None.

    For money, which is skewed: beside Welch's it shows how much rests on a few large amounts.
    Source: Efron & Tibshirani 1993, chapter 13.
    """
    usable = [(a, b) for a, b in groups if len(a) > 1 and len(b) > 1]
    if not usable:
        return None
    random, total = np.random.default_rng(seed), sum(len(a) + len(b) for a, b in usable)
    drawn = np.zeros(draws)
    for ours, theirs in usable:
        weight = (len(ours) + len(theirs)) / total
        drawn += weight * (_resampled(ours, random, draws) - _resampled(theirs, random, draws))
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _resampled(values: Floats, random: np.random.Generator, draws: int) -> Floats:
    """Means of resamples. Equal values are drawn together: most spend nothing."""
    distinct, counts = np.unique(values, return_counts=True)
    means = [random.multinomial(len(values), counts / len(values)) @ distinct for _ in range(draws)]
    return np.asarray(means, dtype=float) / len(values)


def at_any_time(found: Estimate, *, share_of_planned: float, confidence: float = 0.95) -> Estimate:
    """The estimate with an interval that holds however often it is looked at before the planned end.

    A confidence sequence by a normal mixture, tightest at the planned number:
    reach = error x sqrt((r + 1) / r x ln((r + 1) / alpha^2)), r = r* x share of the planned number reached, where
    r* = -2 ln alpha + ln(1 - 2 ln alpha) makes it tightest at the end. With alpha .05 at the end: 3.04 errors.
    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, "Time-uniform central limit theory and asymptotic
    confidence sequences", theorem 2.2 and section B.2. Holds for large samples.
    """
    alpha = 1 - confidence
    tightest = -2 * log(alpha) + log(1 - 2 * log(alpha))
    r = tightest * max(share_of_planned, 1e-6)
    reach = found.error * sqrt((r + 1) / r * log((r + 1) / alpha**2))
    return Estimate(value=found.value, low=found.value - reach, high=found.value + reach, error=found.error)
