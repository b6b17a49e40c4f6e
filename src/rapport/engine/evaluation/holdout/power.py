"""How many it takes: sizes for a difference of rates, and the smallest difference that sizes can show."""

from __future__ import annotations

from math import ceil, sqrt

from scipy.optimize import brentq
from scipy.stats import norm

POWER, CHANCE = 0.8, 0.05


def needed(rate: float, difference: float, *, held_out: float) -> int | None:
    """Subjects in all, so that `difference` is found in 4 of 5 such tests (two-sided, 5 %).

    Parameters: rate, of the control; held_out, its share in 0..1. None where there is nothing to find or the treated
    rate would leave 0..1. Source: Fleiss, Levin & Paik 2003, equation 4.14 generalised to unequal groups (4.18),
    without continuity correction. 50 % held out, rate .10, difference .05: 1,372 (686 in each arm).
    """
    treated = rate + difference
    if difference == 0 or not 0 <= treated <= 1 or not 0 < held_out < 1:
        return None
    chance, power = norm.isf(CHANCE / 2), norm.ppf(POWER)
    pooled = held_out * rate + (1 - held_out) * treated
    under_none = chance * sqrt(pooled * (1 - pooled) * (1 / held_out + 1 / (1 - held_out)))
    under_one = power * sqrt(rate * (1 - rate) / held_out + treated * (1 - treated) / (1 - held_out))
    least: int = ceil(((under_none + under_one) / difference) ** 2)
    return least


def smallest_seen(rate: float, *, treated: int, control: int) -> float | None:
    """The smallest rise of the rate that these sizes find in 4 of 5 tests; None where no rise is large enough."""
    if not (treated and control) or not 0 < rate < 1:
        return None
    total, held_out = treated + control, control / (treated + control)

    def spare(difference: float) -> float:
        return total - (needed(rate, difference, held_out=held_out) or 0)

    widest = 1 - rate
    if spare(widest) < 0:
        return None
    return float(brentq(spare, 1e-6, widest, xtol=1e-6))
