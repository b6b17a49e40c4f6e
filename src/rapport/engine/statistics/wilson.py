"""A share with Wilson's interval."""

from __future__ import annotations

from dataclasses import dataclass

from rapport.engine.statistics.intervals import SMALL_SAMPLE, wilson


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


def share(events: float, n: float) -> Share:
    """The share `events / n` and its interval: 8 of 10 gives 0.4902 to 0.9433."""
    interval = wilson(min(events, n), n)
    if interval is None:
        return Share(events=events, n=n, rate=None, low=None, high=None)
    low = 0.0 if events <= 0 else interval[0]
    high = 1.0 if events >= n else interval[1]
    return Share(events=events, n=n, rate=events / n, low=low, high=high)
