"""Whether a metric's newest month is what its own history leads one to expect.

A month is forecast from the months before it, by one of two ways:

- **level**: the median of the last six months;
- **season**: the same month a year before; where there are at least 10 such pairs and they lie clearly closer together.

Each way is tried on the past, month by month, always from what was known then. The median of these errors corrects the
forecast (a steady trend thus costs nothing); how far they lie apart, robustly, says how far a month usually falls from
it; the range follows Student's t. A month that was out of the ordinary a year before as well, as each December may be,
is also compared with that: it stands out only where it lies outside both.

Counts are looked at as 2 sqrt(y + 3/8), which has variance 1 for a Poisson count of any mean, and are never taken to be
steadier than that; shares as 2 asin sqrt(y); positive amounts and durations by their logarithm; all else as it is.

Many metrics looked at together give some alarm by chance alone. So those named are chosen by Benjamini and Hochberg's
procedure: where nothing has happened, a dashboard names anything in at most about `RATE` of its months; where something
has, at most about `RATE` of the named are expected to be false. On simulated series (noise, trend, season, random walk,
autocorrelation, counts, amounts, shares, a peak once a year, heavy tails) single months fell outside a 95 % range in
1 to 7 % and boards of 20 metrics named anything in 2 %; a jump of 6, 8, 10 standard deviations in one of 20 metrics of
plain noise was named in 65, 93, 99 %.

Sources: F. J. Anscombe (1948), The transformation of Poisson, binomial and negative-binomial data, Biometrika 35, for
counts and shares; P. J. Rousseeuw and C. Croux (1993), Alternatives to the median absolute deviation, JASA 88, for the
spread; Y. Benjamini and Y. Hochberg (1995), Controlling the false discovery rate, JRSS B 57, for the choice. Degrees of
freedom, and the mean deviation as the spread's least, are our own, by simulation.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

from rapport.engine.metrics.spec import Unit

LEAST_MONTHS = 12
RATE = 0.05
_LEVEL_OF, _LEAST_CHANGES, _CLEARLY = 6, 10, 0.7
_MEDIAN_TO_SD, _MEAN_TO_SD, _MOST = 1.4826, 1.2533, 0.9
_DEGREES_EACH = 0.5
_UNUSUAL = 2.0
_LEAST_SHARE = 0.01  # of the level: no month is told to be unusual for less than rounding

Key = TypeVar("Key", bound=Hashable)
Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


class Scale(StrEnum):
    """How values are looked at: COUNT 2 sqrt(y + 3/8), SHARE 2 asin sqrt y, RATIO log y, PLAIN y."""

    COUNT = "count"
    SHARE = "share"
    RATIO = "ratio"
    PLAIN = "plain"


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is expected of the month after a history, on `scale`.

    Attributes: centre; spread, a standard deviation; degrees, of Student's t; seasonal: taken from a year before.
    """

    scale: Scale
    centre: float
    spread: float
    degrees: float
    seasonal: bool

    @property
    def value(self) -> float:
        """In the metric's unit."""
        return _back(self.scale, self.centre)

    def p_value(self, value: float) -> float:
        """How often a month would fall at least so far away, on either side, if nothing had happened."""
        away = abs(_looked_at(self.scale, value) - self.centre) / self.spread
        return float(2 * special.stdtr(self.degrees, -away))

    def between(self, rate: float) -> tuple[float, float]:
        """The range, in the metric's unit, that a month leaves with probability `rate`."""
        half = -self.spread * float(special.stdtrit(self.degrees, rate / 2))
        return _back(self.scale, self.centre - half), _back(self.scale, self.centre + half)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A value beside what was expected. lower, upper: the expected range; stands_out: the value lies outside."""

    value: float
    expected: float
    lower: float
    upper: float
    stands_out: bool
    seasonal: bool

    @property
    def is_above(self) -> bool:
        return self.value > self.upper


def forecast(history: Sequence[float], value: float, *, unit: Unit) -> Forecast | None:
    """What is expected of the month after `history` (by month, oldest first, without gaps), which then had `value`.

    None with fewer than 12 months: a range from less would say little.
    """
    if len(history) < LEAST_MONTHS:
        return None
    scale = _scale_of(unit, history)
    seen: Numbers = np.array([_looked_at(scale, y) for y in history])
    errors = seen[_LEVEL_OF:] - np.median(sliding_window_view(seen[:-1], _LEVEL_OF), axis=1)
    level = _from(_median(seen[-_LEVEL_OF:]), errors, scale, seen, seasonal=False)
    changes = seen[12:] - seen[:-12]
    if len(changes) >= _LEAST_CHANGES and _spread(changes) < _CLEARLY * _spread(errors[-len(changes) :]):
        return _from(float(seen[-12]), changes, scale, seen, seasonal=True)
    peak = _as_a_year_before(level, errors)
    return level if peak is None else max(level, peak, key=lambda told: told.p_value(value))


def _as_a_year_before(level: Forecast, errors: Numbers) -> Forecast | None:
    """Where the same month a year before was out of the ordinary: that it is so again, as each December may be."""
    if len(errors) < 12 or abs(apart := float(errors[-12]) - _median(errors)) < _UNUSUAL * level.spread:
        return None
    return replace(level, centre=level.centre + apart, spread=level.spread * math.sqrt(2), seasonal=True)


def _from(base: float, errors: Numbers, scale: Scale, seen: Numbers, *, seasonal: bool) -> Forecast:
    """The correction by the median of the errors is itself uncertain: pi / 2n of their variance."""
    spread = _spread(errors) * math.sqrt(1 + math.pi / (2 * len(errors)))
    return Forecast(
        scale=scale,
        centre=base + _median(errors),
        spread=max(spread, _floor(scale, seen)),
        degrees=_DEGREES_EACH * (len(errors) - 1),
        seasonal=seasonal,
    )


def outlooks(values: Mapping[Key, tuple[Forecast, float]], *, rate: float = RATE) -> dict[Key, Outlook]:
    """Every value with its expected range; which stand out is chosen over all of them together."""
    found = {key: told.p_value(value) for key, (told, value) in values.items()}
    threshold = _threshold(sorted(found.values()), rate)
    return {key: _outlook(told, value, threshold) for key, (told, value) in values.items()}


def _outlook(told: Forecast, value: float, threshold: float) -> Outlook:
    lower, upper = told.between(threshold)
    return Outlook(
        value=value,
        expected=told.value,
        lower=lower,
        upper=upper,
        stands_out=told.p_value(value) <= threshold,
        seasonal=told.seasonal,
    )


def _threshold(ordered: Sequence[float], rate: float) -> float:
    """Benjamini and Hochberg: the largest k with p_(k) <= k rate / m gives k rate / m; without one, rate / m."""
    count = len(ordered)
    chosen = max((k for k, p in enumerate(ordered, start=1) if p <= k * rate / count), default=1)
    return chosen * rate / count if count else rate


def _spread(errors: Numbers) -> float:
    """The larger of the median and (most of) the mean absolute deviation, as a standard deviation of normal errors.

    In the mean no error counts for more than four of the median's, so that one month of the past hides nothing.
    """
    away = np.abs(errors - _median(errors))
    spread = _MEDIAN_TO_SD * _median(away)
    capped = np.minimum(away, 4 * spread) if spread else away
    return max(spread, _MOST * _MEAN_TO_SD * float(np.mean(capped)))


def _median(numbers: Numbers) -> float:
    """Of a few numbers this is ten times quicker than numpy's."""
    return float(median(numbers.tolist()))


def _floor(scale: Scale, seen: Numbers) -> float:
    if scale is Scale.COUNT:
        return 1.0
    if scale is Scale.RATIO:
        return _LEAST_SHARE
    return max(_LEAST_SHARE * _median(np.abs(seen)), 1e-9)


def _scale_of(unit: Unit, history: Sequence[float]) -> Scale:
    if unit is Unit.COUNT and min(history) >= 0:
        return Scale.COUNT
    if unit is Unit.FRACTION and min(history) >= 0 and max(history) <= 1:
        return Scale.SHARE
    relative = unit not in (Unit.FRACTION, Unit.RATE, Unit.POINTS)
    return Scale.RATIO if relative and min(history) > 0 else Scale.PLAIN


def _looked_at(scale: Scale, value: float) -> float:
    if scale is Scale.COUNT:
        return 2 * math.sqrt(max(value, 0.0) + 3 / 8)
    if scale is Scale.SHARE:
        return 2 * math.asin(math.sqrt(min(max(value, 0.0), 1.0)))
    if scale is Scale.RATIO:
        return math.log(value) if value > 0 else -math.inf
    return value


def _back(scale: Scale, value: float) -> float:
    if scale is Scale.COUNT:
        return max((max(value, 0.0) / 2) ** 2 - 3 / 8, 0.0)
    if scale is Scale.SHARE:
        return math.sin(min(max(value, 0.0), math.pi) / 2) ** 2
    return math.exp(min(value, 700.0)) if scale is Scale.RATIO else value
