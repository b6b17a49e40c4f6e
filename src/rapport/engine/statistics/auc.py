"""Area under the ROC curve with an interval that knows which rows belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm, rankdata

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_EDGE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Cases:
    """Cases that were scored together, at one cut-off.

    Attributes: one entry per case.
        scores: higher should mean likelier.
        events: True where the outcome happened.
        clusters: who the case is about; cases of one subject at several cut-offs are not independent.
    """

    scores: Floats
    events: Flags
    clusters: NDArray[np.generic]

    @property
    def event_count(self) -> int:
        return int(self.events.sum())

    @property
    def nonevent_count(self) -> int:
        return int(len(self.events) - self.events.sum())


@dataclass(frozen=True, kw_only=True)
class Auc:
    """P(a case with the event scores higher than one without, of the same cut-off), ties counted half.

    Attributes:
        value: 0..1; None where no cut-off has both events and nonevents.
        low, high: 95 % interval; None where `value` is.
    """

    value: float | None
    low: float | None
    high: float | None
    event_count: int
    nonevent_count: int


@dataclass(frozen=True)
class _Parts:
    """What each cluster adds to the estimate: the influence that DeLong's variance is made of."""

    value: float
    by_cluster: dict[object, float]
    enough: bool


def auc(groups: Sequence[Cases], *, confidence: float = 0.95) -> Auc:
    """AUC over pairs of the same cut-off, each cut-off weighted by its number of pairs.

    Pairs across cut-offs are not compared: nobody chooses between a customer of March and one of June.
    The interval sums DeLong's structural components by subject (Obuchowski's clustered form); with one
    cut-off it is DeLong's. Where that variance is 0 or not to be had (perfect separation, one event),
    Newcombe's score interval on Hanley and McNeil's variance takes its place, so that certainty is
    never claimed from a handful of cases. Scores that are all alike have 0.5, for certain.

    Source: DeLong, DeLong, Clarke-Pearson 1988; Obuchowski 1997; Newcombe 2006, method 5.
    """
    events = sum(g.event_count for g in groups)
    nonevents = sum(g.nonevent_count for g in groups)
    parts = _parts(groups)
    if parts is None:
        return Auc(value=None, low=None, high=None, event_count=events, nonevent_count=nonevents)
    if all(np.ptp(g.scores) == 0 for g in groups if len(g.scores)):
        return Auc(value=0.5, low=0.5, high=0.5, event_count=events, nonevent_count=nonevents)
    z = float(norm.ppf(0.5 + confidence / 2))
    error = sqrt(sum(v * v for v in parts.by_cluster.values()))
    if error > 1e-12 and parts.enough:
        low, high = max(0.0, parts.value - z * error), min(1.0, parts.value + z * error)
    else:
        low, high = _newcombe(parts.value, events, nonevents, z)
    return Auc(value=parts.value, low=low, high=high, event_count=events, nonevent_count=nonevents)


@dataclass(frozen=True, kw_only=True)
class AucDifference:
    """How much better one score ranks than another on the same cases.

    Attributes: value, low, high: difference of the AUCs and its 95 % interval; None where there is none.
    """

    value: float | None
    low: float | None
    high: float | None


def auc_difference(ours: Sequence[Cases], theirs: Sequence[Cases], *, confidence: float = 0.95) -> AucDifference:
    """`ours` minus `theirs`, paired: both hold the same cases in the same order."""
    mine, other = _parts(ours), _parts(theirs)
    if mine is None or other is None:
        return AucDifference(value=None, low=None, high=None)
    gap = mine.value - other.value
    if not (mine.enough and other.enough):
        return AucDifference(value=gap, low=None, high=None)
    squares = (v - other.by_cluster.get(c, 0.0) for c, v in mine.by_cluster.items())
    reach = float(norm.ppf(0.5 + confidence / 2)) * sqrt(sum(s * s for s in squares))
    return AucDifference(value=gap, low=max(-1.0, gap - reach), high=min(1.0, gap + reach))


def _parts(groups: Sequence[Cases]) -> _Parts | None:
    usable = [g for g in groups if g.event_count and g.nonevent_count]
    if not usable:
        return None
    pairs = np.array([g.event_count * g.nonevent_count for g in usable], dtype=float)
    value, clusters = 0.0, dict[object, float]()
    for group, weight in zip(usable, pairs / pairs.sum(), strict=True):
        area, influence = _components(group)
        value += float(weight) * area
        for cluster, part in zip(group.clusters.tolist(), (weight * influence).tolist(), strict=True):
            clusters[cluster] = clusters.get(cluster, 0.0) + part
    return _Parts(value, clusters, all(g.event_count > 1 and g.nonevent_count > 1 for g in usable))


def _components(group: Cases) -> tuple[float, Floats]:
    """AUC of one cut-off and each case's influence on it, scaled so that their squares sum to DeLong's variance."""
    events = group.events
    m, n = group.event_count, group.nonevent_count
    ranks = rankdata(group.scores)
    beaten = (ranks[events] - rankdata(group.scores[events])) / n
    beaten_by = 1.0 - (ranks[~events] - rankdata(group.scores[~events])) / m
    area = float(beaten.mean())
    influence = np.empty(len(events))
    influence[events] = (beaten - area) / (m * sqrt(1 - 1 / m) if m > 1 else m)
    influence[~events] = (beaten_by - area) / (n * sqrt(1 - 1 / n) if n > 1 else n)
    return area, influence


def _newcombe(area: float, m: int, n: int, z: float) -> tuple[float, float]:
    """The values of the true AUC that lie within z of their own standard errors from `area`."""
    extra = (m + n) / 2 - 1

    def excess(truth: float) -> float:
        spread = truth * (1 - truth) * (1 + extra * (1 - truth) / (2 - truth) + extra * truth / (1 + truth)) / (m * n)
        return abs(area - truth) - z * sqrt(spread)

    inside = min(max(area, _EDGE), 1 - _EDGE)  # at 0 and 1 the standard error is 0 and excess too
    low = 0.0 if area <= 0 else float(brentq(excess, _EDGE / 10, inside))
    high = 1.0 if area >= 1 else float(brentq(excess, inside, 1 - _EDGE / 10))
    return low, high
