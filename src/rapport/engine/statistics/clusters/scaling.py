"""Features made comparable: a skewed one by its logarithm, centred on its median, by its spread, outliers drawn in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_FURTHEST = 3.0  # in spreads: one shopper for a million is as far away as any other big one
_NORMAL = 1.349  # interquartile range of a normal distribution, in standard deviations


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How one feature is scaled: (f(value) - centre) / spread * weight, within 3 spreads; f is log(1 + x) or x."""

    name: str
    is_log: bool
    centre: float
    spread: float
    weight: float


def fit_scale(name: str, values: Floats, *, is_log: bool, weight: float = 1.0) -> Scale | None:
    """The scale of a feature from its known values (nan: unknown); None where they do not differ."""
    known = values[~np.isnan(values)]
    moved = np.log1p(np.maximum(known, 0)) if is_log else known
    if len(moved) == 0 or float(moved.std()) < 1e-9:
        return None
    low, centre, high = np.quantile(moved, [0.25, 0.5, 0.75])
    spread = max(float(high - low) / _NORMAL, 0.5 * float(moved.std()))  # many zeros leave no range in the middle
    return Scale(name=name, is_log=is_log, centre=float(centre), spread=spread, weight=weight)


def scaled(scale: Scale, values: Floats) -> Floats:
    """The feature as it enters distances; an unknown value stands in the middle."""
    moved = np.log1p(np.maximum(values, 0)) if scale.is_log else values
    apart = np.clip((moved - scale.centre) / scale.spread, -_FURTHEST, _FURTHEST)
    return np.asarray(np.nan_to_num(apart, nan=0.0) * scale.weight, dtype=np.float64)
