"""Drift: whether a score, or what goes into it, is spread otherwise than when it was published.

The population stability index is PSI = sum (a_i - e_i) ln(a_i / e_i) over bins, with e_i the shares then and a_i
the shares now. With nothing changed it is not 0: it is distributed as (1/n + 1/m) times a chi-square of bins - 1
degrees of freedom, with mean (bins - 1)(1/n + 1/m). So it is first held against that noise, and only what chance
does not explain is held against the usual marks of .10 and .25.

Source: Yurdakul 2018, "Statistical properties of population stability index", chapter 3; Lewis 1994 for the marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.stats import chi2

from rapport.engine.evaluation.levels import ALARM, OK, UNKNOWN, WATCH, Finding, worst
from rapport.engine.statistics.auc import Floats

SMALL, LARGE = 0.10, 0.25  # the marks in use: below, nothing to do; above, the population is another
_BINS = 10
_CHANCE = 0.01  # of a false finding among all that is compared at once
_FEWEST = 20  # on either side; with fewer nothing can be said
_MOSTLY = 0.9  # of what is not 0 for nearly all, the mean says more than the share
_HALF = 0.5  # added to each bin, so that an empty one does not make the index infinite


@dataclass(frozen=True, kw_only=True)
class DriftBin:
    """Values from `lower` (None: all below `upper`) to below `upper` (None: all above); shares in 0..1."""

    lower: float | None
    upper: float | None
    then: float
    now: float


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One distribution then and now.

    Attributes:
        psi: 0 is the same; None where either side has too few.
        noise: what the index is on average with nothing changed; bound, what it exceeds by chance in 1 of 100 looks
            (over all that is compared at once).
        then_count, now_count: subjects on either side; then_mean, now_mean of their values.
        level: `ok` within the bound or below .10, `watch` beyond both, `alarm` beyond the bound and .25.
    """

    name: str
    psi: float | None
    noise: float | None
    bound: float | None
    then_count: int
    now_count: int
    then_mean: float | None
    now_mean: float | None
    level: str
    sentence: str
    bins: tuple[DriftBin, ...] = ()

    @property
    def finding(self) -> Finding:
        return Finding(
            about=f"drift of {self.name}", level=self.level, sentence=self.sentence, figures={"drift": asdict(self)}
        )


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A distribution: distinct values, ascending, and how many have each."""

    values: Floats
    counts: Floats

    @property
    def count(self) -> int:
        return int(self.counts.sum())

    @property
    def mean(self) -> float | None:
        return float(self.values @ self.counts / self.counts.sum()) if self.count else None


def spread_of(values: Sequence[float] | Floats) -> Spread:
    """The distribution of values, one per subject."""
    distinct, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
    return Spread(values=distinct, counts=counts.astype(float))


def drift(name: str, then: Spread, now: Spread, *, compared: int = 1) -> Drift:
    """How far two distributions are apart, beyond what chance explains.

    Bins are tenths of `then` (equal values share one; a distribution of few values has a bin for each), so a tenth
    that nobody is in any more counts like any other.
    Parameters: compared, how many distributions are looked at together; the bound allows for all of them.
    """
    if min(then.count, now.count) < _FEWEST:
        told = f"{_named(name)}: too few to compare ({then.count:,} then, {now.count:,} now)."
        return _found(name, then, now, level=UNKNOWN, sentence=told)
    edges = _edges(then, now)
    shares_then, shares_now = _shares(then, edges), _shares(now, edges)
    psi = float(((shares_now - shares_then) * np.log(shares_now / shares_then)).sum())
    spare = 1 / then.count + 1 / now.count
    bound = float(chi2.isf(_CHANCE / compared, len(edges))) * spare if len(edges) else 0.0
    level = _level(psi, bound)
    bare = _found(name, then, now, level=level, sentence=_sentence(name, psi, bound, level, then, now))
    bins = _bins(edges, shares_then, shares_now)
    return replace(bare, psi=psi, noise=len(edges) * spare, bound=bound, bins=bins)


def _found(name: str, then: Spread, now: Spread, *, level: str, sentence: str) -> Drift:
    return Drift(
        name=name,
        psi=None,
        noise=None,
        bound=None,
        then_count=then.count,
        now_count=now.count,
        then_mean=then.mean,
        now_mean=now.mean,
        level=level,
        sentence=sentence,
    )


def drifts(then: Mapping[str, Spread], now: Mapping[str, Spread]) -> tuple[Drift, ...]:
    """`drift` of each input that is there on both sides, the largest beyond its bound first."""
    names = [name for name in then if name in now]
    found = [drift(name, then[name], now[name], compared=len(names)) for name in names]
    return tuple(sorted(found, key=lambda d: -((d.psi or 0) - (d.bound or 0))))


def overall(found: Sequence[Drift]) -> str:
    """The most serious level; an input that cannot be told leaves the others as they are."""
    return worst(d.level for d in found)


def _edges(then: Spread, now: Spread) -> Floats:
    """Inner edges: a value belongs right of every edge that is at or below it."""
    together = np.union1d(then.values, now.values)
    if len(together) <= _BINS:
        return np.asarray(together[1:], dtype=float)
    reached = np.cumsum(then.counts) / then.counts.sum()
    places = np.searchsorted(reached, np.arange(1, _BINS) / _BINS - 1e-12, side="left") + 1
    inner = np.unique(then.values[np.minimum(places, len(then.values) - 1)])
    return np.asarray(inner[inner > then.values[0]], dtype=float)


def _shares(spread: Spread, edges: Floats) -> Floats:
    position = np.searchsorted(edges, spread.values, side="right")
    counts = np.bincount(position, weights=spread.counts, minlength=len(edges) + 1) + _HALF
    return np.asarray(counts / counts.sum(), dtype=float)


def _level(psi: float, bound: float) -> str:
    if psi <= max(bound, SMALL):
        return OK
    return WATCH if psi <= LARGE else ALARM


def _bins(edges: Floats, then: Floats, now: Floats) -> tuple[DriftBin, ...]:
    ends = [None, *edges.tolist(), None]
    return tuple(
        DriftBin(lower=ends[i], upper=ends[i + 1], then=float(a), now=float(b))
        for i, (a, b) in enumerate(zip(then, now, strict=True))
    )


def _sentence(name: str, psi: float, bound: float, level: str, then: Spread, now: Spread) -> str:
    if level == OK and psi <= bound:
        return f"{_named(name)} is spread as when it was published (PSI {psi:.2f}, no more than chance)."
    how = f"mean {now.mean:.4g} now, {then.mean:.4g} when published"
    filled_then, filled_now = _filled(then), _filled(now)
    if min(filled_then, filled_now) < _MOSTLY:
        how = f"not 0 for {filled_now:.0%} now, {filled_then:.0%} when published"
    size = {OK: "has moved a little", WATCH: "has moved", ALARM: "is another than when it was published"}[level]
    return f"{_named(name)} {size} (PSI {psi:.2f}, chance explains {bound:.2f}): {how}."


def _filled(spread: Spread) -> float:
    return float(spread.counts[spread.values != 0].sum() / spread.counts.sum())


def _named(name: str) -> str:
    return name[:1].upper() + name[1:]
