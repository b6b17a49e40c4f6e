"""Series of counts or sums that are to come: a few plain methods, the one that did best on the past, and its bands.

Methods: the run rate (mean of the last stretch), seasonal naive, damped exponential smoothing, the same on values
rid of their season, and the mean of the last with the run rate. Each is tried at past points (rolling origin); the
errors there, on the square root scale where nothing is below 0, make the bands.
Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2, 5.10, 8.1-8.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]

RUN_RATE = "run rate"
SEASONAL_NAIVE = "same season before"
SMOOTHED = "smoothed"
SEASONAL = "smoothed, with season"
BLEND = "smoothed and run rate"
_METHODS = (RUN_RATE, SMOOTHED, BLEND, SEASONAL, SEASONAL_NAIVE)  # on a tie the earlier one is taken
_MOST_ORIGINS = 18
_CLEARLY = 0.98  # a method must be so much better than the one before it
_ALPHAS = np.repeat((0.05, 0.1, 0.2, 0.35, 0.5, 0.7), 3)
_BETAS = np.tile((0.0, 0.05, 0.2), 6)
_DAMPED = 0.9
_SEASON_PRIOR = 1.0  # seasons of no effect that each season's index is drawn to
_FEWEST_ORIGINS = 3


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A method's sum of absolute errors over the sum of what came, at past points; None where nothing came."""

    method: str
    wape: float | None


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Attributes:
    value: expected, one per step; run_rate, the same by the mean of the last stretch.
    error: standard deviation of what may be missed, one per step, on the root scale where `rooted`; nan: not known.
    degrees: of freedom of the error.
    method: which did best; tried: all of them, the run rate among them.
    """

    value: Floats
    run_rate: Floats
    error: Floats
    degrees: int
    rooted: bool
    method: str
    tried: tuple[Tried, ...]

    def quantile(self, share: float) -> Floats:
        """Values that the truth should stay below with so large a chance; nan where the error is not known."""
        reach = stats.t.ppf(share, self.degrees) * self.error
        if not self.rooted:
            return np.asarray(self.value + reach)
        return np.asarray(np.maximum(np.sqrt(self.value) + reach, 0.0) ** 2)


def ahead(values: Floats, *, steps: int, season: int, run_rate_length: int, counts: bool) -> Ahead:
    """The next `steps` values of a series, oldest value first, at least one.

    Parameters:
        season: values after which the pattern repeats (7, 12, 52); it is looked for from two whole seasons on.
        run_rate_length: values of which the run rate is the mean.
        counts: values are numbers of things: they miss by chance at least as Poisson numbers do.
    """
    series = np.asarray(values, dtype=float)
    rooted = bool((series >= 0).all())
    seasonal = len(series) >= 2 * season + _FEWEST_ORIGINS
    origins = _origins(len(series), 2 * season if seasonal else 3)
    methods = [m for m in _METHODS if m in (RUN_RATE, SMOOTHED, BLEND) or seasonal]
    told = {m: [_told(m, series[:n], steps, season, run_rate_length) for n in origins] for m in methods}
    came = [series[n : n + steps] for n in origins]
    errors = {m: _wape(told[m], came) for m in methods}
    best = _best(errors)
    misses = [_scale(c, rooted) - _scale(t[: len(c)], rooted) for t, c in zip(told[best], came, strict=True)]
    value = _told(best, series, steps, season, run_rate_length)
    if rooted:
        value = np.maximum(value, 0.0)
    return Ahead(
        value=value,
        run_rate=_told(RUN_RATE, series, steps, season, run_rate_length),
        error=_error(misses, series, steps, rooted=rooted, counts=counts),
        degrees=max(len(origins) - 1, 2),
        rooted=rooted,
        method=best,
        tried=tuple(Tried(method=m, wape=errors[m]) for m in methods),
    )


def _origins(length: int, least: int) -> list[int]:
    """Lengths of the series as it was at past points: from half of it (`least` at least) to one short of it."""
    return list(range(max(least, length // 2), length))[-_MOST_ORIGINS:]


def _told(method: str, series: Floats, steps: int, season: int, length: int) -> Floats:
    if method == RUN_RATE:
        return np.full(steps, float(series[-length:].mean()))
    if method == SEASONAL_NAIVE:
        return np.resize(series[-season:], steps)
    if method == SMOOTHED:
        return _smoothed(series, steps)
    if method == BLEND:
        return np.asarray((_smoothed(series, steps) + float(series[-length:].mean())) / 2)
    return _seasonal(series, steps, season)


def _smoothed(series: Floats, steps: int) -> Floats:
    """Damped trend smoothing; of a grid of constants the one with the least squared error one step ahead."""
    level, trend = np.full(len(_ALPHAS), series[0]), np.zeros(len(_ALPHAS))
    squares = np.zeros(len(_ALPHAS))
    for value in series[1:]:
        before = level + _DAMPED * trend
        off = value - before
        squares += off**2
        level = before + _ALPHAS * off
        trend = _DAMPED * trend + _ALPHAS * _BETAS * off
    best = int(squares.argmin())
    grown = np.cumsum(_DAMPED ** np.arange(1, steps + 1))
    return np.asarray(level[best] + trend[best] * grown)


def _seasonal(series: Floats, steps: int, season: int) -> Floats:
    """Smoothing of what is left after dividing by each season's index, put back afterwards."""
    index = _indices(series, season)
    place = np.arange(len(series) + steps) % season
    return _smoothed(series / index[place[: len(series)]], steps) * index[place[len(series) :]]


def _indices(series: Floats, season: int) -> Floats:
    """Each season's value over the mean of the season around it, averaged, drawn to 1, with mean 1."""
    kernel = np.ones(season) / season if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5] / season
    around = np.convolve(series, kernel, mode="valid")
    first = (len(series) - len(around)) // 2
    place = (np.arange(len(around)) + first) % season
    met = np.bincount(place, minlength=season)
    over = series[first : first + len(around)]
    known = np.maximum(np.bincount(place, around, minlength=season), 1e-12)
    mean = np.bincount(place, over, minlength=season) / known
    drawn = (met * mean + _SEASON_PRIOR) / (met + _SEASON_PRIOR)
    return np.asarray(np.maximum(drawn / drawn.mean(), 0.05))


def _wape(told: list[Floats], came: list[Floats]) -> float | None:
    total = sum(float(np.abs(c).sum()) for c in came)
    if not total:
        return None
    return sum(float(np.abs(t[: len(c)] - c).sum()) for t, c in zip(told, came, strict=True)) / total


def _best(errors: dict[str, float | None]) -> str:
    """The method with the least error; the run rate where nothing came, and unless another is clearly better."""
    best, least = RUN_RATE, errors[RUN_RATE]
    for method, error in errors.items():
        if error is not None and least is not None and error < _CLEARLY * least:
            best, least = method, error
    return best


def _scale(values: Floats, rooted: bool) -> Floats:
    return np.asarray(np.sqrt(np.maximum(values, 0.0)) if rooted else values)


def _error(misses: list[Floats], series: Floats, steps: int, *, rooted: bool, counts: bool) -> Floats:
    """Root mean square of past misses by step, never falling with the distance; counts: at least Poisson chance."""
    least = (
        0.25 * (1 + 1 / max(len(series), 1)) if counts and rooted else 0.0
    )  # a root of a Poisson number varies by 1/4
    if len(misses) < _FEWEST_ORIGINS:
        spread = np.diff(_scale(series, rooted))
        one = float((spread**2).mean()) if len(spread) >= 2 else (least if counts else np.nan)
        return np.full(steps, float(np.sqrt(np.maximum(one, least))))
    squares = np.empty(steps)
    for step in range(steps):
        near = [float(m[s] ** 2) for m in misses for s in range(max(0, step - 1), min(step + 2, len(m)))]
        squares[step] = np.mean(near) if near else squares[step - 1]
    return np.asarray(np.sqrt(np.maximum(np.maximum.accumulate(squares), least)))
