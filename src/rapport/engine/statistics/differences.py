"""Two groups attribute by attribute: how far apart, how surely, and which differences remain of many looked at.

- Shares: difference with Newcombe's interval (1998, method 10: from Wilson's limits), effect h = 2 asin sqrt p1 -
  2 asin sqrt p2 (Cohen 1988), test of equal proportions.
- Numbers: difference of means with Welch's interval, effect g (Hedges 1981) and test on log(1 + x) where skewed.
- Many comparisons: false discovery rate (Benjamini & Hochberg 1995); intervals of those that remain are widened to
  cover as promised after that choice (Benjamini & Yekutieli 2005): level 1 - remaining / looked at x 5 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import asin, sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

from rapport.engine.statistics.intervals import wilson

Floats = npt.NDArray[np.float64]
FALSE_SHARE = 0.05


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One attribute (or one value of it) in one group and in the other.

    Attributes:
        level: the value whose share is compared; empty for numbers.
        here, elsewhere: shares or means. lower, upper: interval of here - elsewhere.
        effect: in standard deviations (numbers) or Cohen's h (shares): 0.2 is small, 0.5 middling, 0.8 large.
        p: of chance alone. q: the same among all that were looked at.
    """

    attribute: str
    level: str = ""
    here: float
    elsewhere: float
    lower: float
    upper: float
    effect: float
    p: float
    q: float = 1.0
    n_here: int
    n_elsewhere: int

    @property
    def difference(self) -> float:
        return self.here - self.elsewhere

    @property
    def is_share(self) -> bool:
        return bool(self.level)


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How many of each group have a value."""

    attribute: str
    level: str
    here: int
    of_here: int
    elsewhere: int
    of_elsewhere: int


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The known values of each group. is_skewed: compared by their logarithms, told as they are."""

    attribute: str
    here: Floats
    elsewhere: Floats
    is_skewed: bool = False


def differences(
    compared: Sequence[Shares | Numbers], *, false_share: float = FALSE_SHARE, least_effect: float = 0.1
) -> list[Difference]:
    """Differences that remain, the largest effect first; what has fewer than 2 values in a group is left out."""
    found = [told for one in compared if (told := _difference(one, level=1 - false_share)) is not None]
    adjusted = _false_discovery([one.p for one in found])
    pairs = [(one, replace(told, q=q)) for one, told, q in zip(_able(compared), found, adjusted, strict=True)]
    remaining = [(o, told) for o, told in pairs if told.q <= false_share and abs(told.effect) >= least_effect]
    level = 1 - false_share * len(remaining) / max(len(found), 1)
    widened = [replace(_must(_difference(one, level=level)), q=told.q) for one, told in remaining]
    return sorted(widened, key=lambda one: (-abs(one.effect), one.attribute, one.level))


def newcombe(here: int, of_here: int, elsewhere: int, of_elsewhere: int, *, z: float) -> tuple[float, float]:
    """Interval of the difference of two shares. 56/70 and 48/80: 0.0524 to 0.3339 (Newcombe 1998, table II, a)."""
    one, other = here / of_here, elsewhere / of_elsewhere
    low_one, high_one = wilson(here, of_here, z=z) or (0.0, 1.0)
    low_other, high_other = wilson(elsewhere, of_elsewhere, z=z) or (0.0, 1.0)
    apart = one - other
    return (
        apart - sqrt((one - low_one) ** 2 + (high_other - other) ** 2),
        apart + sqrt((high_one - one) ** 2 + (other - low_other) ** 2),
    )


def _able(compared: Sequence[Shares | Numbers]) -> list[Shares | Numbers]:
    return [one for one in compared if _difference(one, level=0.95) is not None]


def _must(told: Difference | None) -> Difference:
    assert told is not None
    return told


def _difference(one: Shares | Numbers, *, level: float) -> Difference | None:
    return _of_shares(one, level) if isinstance(one, Shares) else _of_numbers(one, level)


def _of_shares(one: Shares, level: float) -> Difference | None:
    if one.of_here < 2 or one.of_elsewhere < 2:
        return None
    here, elsewhere = one.here / one.of_here, one.elsewhere / one.of_elsewhere
    lower, upper = newcombe(one.here, one.of_here, one.elsewhere, one.of_elsewhere, z=_z(level))
    together = (one.here + one.elsewhere) / (one.of_here + one.of_elsewhere)
    error = sqrt(together * (1 - together) * (1 / one.of_here + 1 / one.of_elsewhere))
    return Difference(
        attribute=one.attribute,
        level=one.level,
        here=here,
        elsewhere=elsewhere,
        lower=lower,
        upper=upper,
        effect=2 * asin(sqrt(here)) - 2 * asin(sqrt(elsewhere)),
        p=float(2 * stats.norm.sf(abs(here - elsewhere) / error)) if error else 1.0,
        n_here=one.of_here,
        n_elsewhere=one.of_elsewhere,
    )


def _of_numbers(one: Numbers, level: float) -> Difference | None:
    if len(one.here) < 2 or len(one.elsewhere) < 2:
        return None
    here, elsewhere = one.here, one.elsewhere
    error, freedom = _welch(here, elsewhere)
    wide = float(stats.t.ppf(0.5 + level / 2, freedom)) * error if error else 0.0
    apart = float(here.mean() - elsewhere.mean())
    a, b = (np.log1p(np.maximum(x, 0)) if one.is_skewed else x for x in (here, elsewhere))
    moved_error, moved_freedom = _welch(a, b)
    if not moved_error:
        return None
    count = len(a) + len(b)
    pooled = sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (count - 2))
    shift = float(a.mean() - b.mean())
    return Difference(
        attribute=one.attribute,
        here=float(here.mean()),
        elsewhere=float(elsewhere.mean()),
        lower=apart - wide,
        upper=apart + wide,
        effect=(1 - 3 / (4 * count - 9)) * shift / pooled,
        p=float(2 * stats.t.sf(abs(shift) / moved_error, moved_freedom)),
        n_here=len(here),
        n_elsewhere=len(elsewhere),
    )


def _welch(a: Floats, b: Floats) -> tuple[float, float]:
    """Standard error of the difference of means, and its degrees of freedom."""
    first, second = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    if first + second == 0:
        return 0.0, 1.0
    freedom = (first + second) ** 2 / (first**2 / (len(a) - 1) + second**2 / (len(b) - 1))
    return sqrt(first + second), freedom


def _false_discovery(p: Sequence[float]) -> list[float]:
    return [float(q) for q in stats.false_discovery_control(list(p))] if p else []


def _z(level: float) -> float:
    return float(stats.norm.ppf(0.5 + level / 2))
