"""Wilson's interval for a share."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.stats import norm

SMALL_SAMPLE = 30


@dataclass(frozen=True, kw_only=True)
class Share:
    """k of n with its 95 % Wilson interval.

    Attributes:
        events: may be fractional where ties were shared out.
        rate, low, high: 0..1; None where n is 0.
    """

    events: float
    n: float
    rate: float | None
    low: float | None
    high: float | None

    @property
    def small_sample(self) -> bool:
        return self.n < SMALL_SAMPLE


def share(events: float, n: float, *, confidence: float = 0.95) -> Share:
    """The share `events / n` and its interval: 8 of 10 gives 0.4902 to 0.9433.

    Source: Wilson 1927.
    """
    if n <= 0:
        return Share(events=events, n=n, rate=None, low=None, high=None)
    z = float(norm.ppf(0.5 + confidence / 2))
    rate = events / n
    shrink = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / shrink
    reach = z * sqrt(max(0.0, rate * (1 - rate) / n + z * z / (4 * n * n))) / shrink
    low = 0.0 if events <= 0 else max(0.0, centre - reach)
    high = 1.0 if events >= n else min(1.0, centre + reach)
    return Share(events=events, n=n, rate=rate, low=low, high=high)
