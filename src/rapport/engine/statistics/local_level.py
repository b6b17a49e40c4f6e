"""A monthly series and where it may go: a wandering level with drift and seasons, its unknowns averaged over.

Innovations form of exponential smoothing (Hyndman, Koehler, Ord, Snyder 2008, Forecasting with Exponential Smoothing,
ch. 2 and 3), linear in what is added to the level:

    y_t = l_{t-1} + d t + s_(t mod 12) + e_t,    l_t = l_{t-1} + alpha e_t,    e_t ~ N(0, sigma^2)

Given alpha, filtering both sides by alpha makes it a linear regression; with a normal-inverse-gamma prior its
evidence and posterior are exact (Gelman et al. 2013, Bayesian Data Analysis, ch. 14). Alpha, the strength of drift
and that of seasons are not chosen but averaged over, each by its evidence, so that intervals tell what 12 to 36
months cannot decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import log

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SEASON = 12
FEWEST = 6  # known months without which nothing is said
_FEWEST_FOR_SEASONS = 2 * SEASON
_ALPHAS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
_DRIFTS = (0.0, 0.05, 0.15, 0.4)  # prior standard deviation of the drift per month, in sigmas
_SEASONS = (0.0, 0.7, 2.0, 4.0, 8.0)  # the same of a season's effect
_START = 30.0  # and of the first level: nearly flat
_SHAPE = 0.5
_WANDERING = 3.0  # how much likelier, in logs, alpha 1 is than 0 before: a few months show a wandering level too seldom


@dataclass(frozen=True)
class _Model:
    """One choice of alpha, drift and seasons, with what the data say under it."""

    alpha: float
    evidence: float
    mean: Array
    root: Array  # root @ root.T is the posterior covariance of the effects, in sigmas squared
    shape: float
    rate: float
    level: float  # the filter's level of the data at the end
    levels: Array  # and of each effect's column
    next_rows: Array  # the effects' columns after the end, one row per step


@dataclass(frozen=True)
class Paths:
    """Possible futures, one row each: the level that a month varies around, and its own deviation from it."""

    level: Array
    deviation: Array

    @property
    def values(self) -> Array:
        return self.level + self.deviation


def paths(series: Sequence[float | None], *, steps: int, count: int, seed: int, floor: float) -> Paths | None:
    """`count` possible continuations of a series over `steps` months; None with fewer than 6 known months.

    Parameters: series, oldest first, None where unknown; floor, the standard deviation assumed of a month before
    anything is seen. The same input gives the same paths.
    """
    y = np.array([np.nan if v is None else v for v in series], dtype="float64")
    if np.isfinite(y).sum() < FEWEST or steps < 1:
        return None
    middle = float(np.nanmean(y))
    models = list(_models(y - middle, steps=steps, floor=floor))
    chance = np.random.default_rng(seed)
    weights = np.exp(np.array([m.evidence for m in models]) - max(m.evidence for m in models))
    drawn = chance.multinomial(count, weights / weights.sum())
    parts = [_drawn(m, n, steps=steps, chance=chance) for m, n in zip(models, drawn, strict=True) if n]
    level = np.vstack([p.level for p in parts]) + middle
    return Paths(level=level, deviation=np.vstack([p.deviation for p in parts]))


def _models(y: Array, *, steps: int, floor: float) -> Iterator[_Model]:
    known = np.isfinite(y)
    seasonal = bool(known.sum() >= _FEWEST_FOR_SEASONS)
    columns = _columns(len(y) + steps)
    both = np.column_stack([np.nan_to_num(y), columns[: len(y)]])
    for alpha in _ALPHAS:
        filtered = _Filtered(alpha, *_filtered(both, known, alpha), known, columns[len(y) :])
        for drift, season in product(_DRIFTS, _SEASONS if seasonal else (0.0,)):
            yield _model(filtered, drift=drift, season=season, floor=floor)


def _columns(length: int) -> Array:
    """The effects' columns over all months: the first level, the drift, and each of twelve seasons."""
    time = np.arange(length, dtype="float64")
    return np.column_stack([np.ones(length), time, *((time % SEASON == m).astype("float64") for m in range(SEASON))])


@dataclass(frozen=True)
class _Filtered:
    """The data and every effect's column after smoothing by alpha, and the columns' rows after the end."""

    alpha: float
    errors: Array
    levels: Array
    known: npt.NDArray[np.bool_]
    next_rows: Array


def _model(of: _Filtered, *, drift: float, season: float, floor: float) -> _Model:
    scales = np.array([_START, drift, *([season] * SEASON)])
    used = np.flatnonzero(scales)
    scales = scales[used]
    target, rows = of.errors[of.known, 0], of.errors[of.known][:, 1 + used]
    precision = np.diag(1 / scales**2) + rows.T @ rows
    root = np.linalg.inv(np.linalg.cholesky(precision)).T
    mean = root @ (root.T @ (rows.T @ target))
    shape = _SHAPE + len(target) / 2
    start = _SHAPE * floor**2
    rate = start + max(0.0, float(target @ target - mean @ precision @ mean)) / 2
    volume = -float(np.log(scales).sum()) + float(np.log(np.abs(np.diag(root))).sum())
    evidence = volume - shape * log(rate) + _WANDERING * of.alpha
    levels = of.levels[1:][used]
    return _Model(of.alpha, evidence, mean, root, shape, rate, float(of.levels[0]), levels, of.next_rows[:, used])


def _filtered(columns: Array, known: npt.NDArray[np.bool_], alpha: float) -> tuple[Array, Array]:
    """One-step errors of each column under smoothing by alpha from level 0, and the level at the end.

    A month that is not known leaves the level as it was.
    """
    level = np.zeros(columns.shape[1])
    errors = np.empty_like(columns)
    for month, row in enumerate(columns):
        errors[month] = row - level
        if known[month]:
            level = level + alpha * errors[month]
    return errors, level


def _drawn(model: _Model, count: int, *, steps: int, chance: np.random.Generator) -> Paths:
    sigma = np.sqrt(model.rate / chance.gamma(model.shape, size=count))
    effects = model.mean + sigma[:, None] * (chance.standard_normal((count, len(model.mean))) @ model.root.T)
    errors = sigma[:, None] * chance.standard_normal((count, steps))
    start = model.level - effects @ model.levels
    wandered = np.cumsum(errors, axis=1) - errors
    level = effects @ model.next_rows.T + start[:, None] + model.alpha * wandered
    return Paths(level=level, deviation=errors)
