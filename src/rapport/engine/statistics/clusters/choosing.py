"""How many clusters there are, if any: as many as stand clearly apart and come again when the rows are drawn anew.

For each number k from 2 to the most, k-means gives the mean silhouette (Rousseeuw 1987) and its stability: the mean
adjusted Rand index (Hubert & Arabie 1985) between fits on two halves, both asked to place all rows. Both have to be
better than chance: k-means cuts structureless rows too, so that the same is done on rows drawn from one normal
distribution with the rows' own covariance (after SigClust, Liu et al. 2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from rapport.engine.statistics.clusters.scaling import Floats

STARTS, HALVES, DRAWS = 4, 4, 4
MOST_COMPARED = 1_500  # rows in a silhouette, which compares each with each
LEAST_STABLE = 0.75
LEAST_APART = 0.08  # how much the silhouette exceeds that of rows without clusters
LEAST_SILHOUETTE = 0.15


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One number of clusters.

    Attributes:
        silhouette: mean, -1..1. by_chance: the highest of rows without clusters. stability: adjusted Rand index.
        smallest: share of rows in the smallest cluster.
    """

    k: int
    silhouette: float
    by_chance: float
    stability: float
    smallest: float

    def holds(self, *, least_share: float) -> bool:
        """Whether these clusters stand apart, come again, and are large enough."""
        apart = self.silhouette >= max(LEAST_SILHOUETTE, self.by_chance + LEAST_APART)
        return apart and self.stability >= LEAST_STABLE and self.smallest >= least_share


def try_all(rows: Floats, *, most: int, seed: int) -> list[Tried]:
    """Every number of clusters from 2 to `most`, tried on scaled rows."""
    draw = np.random.default_rng(seed)
    chance = [_without_clusters(rows, draw) for _ in range(DRAWS)]
    compared = draw.permutation(len(rows))[:MOST_COMPARED]
    return [_tried(rows, k, chance=chance, compared=compared, draw=draw) for k in range(2, most + 1)]


def best(tried: Sequence[Tried], *, least_share: float) -> Tried | None:
    """Of those that hold, the one with the highest silhouette times how surely it comes again; None: no clusters."""
    able = [one for one in tried if one.holds(least_share=least_share)]
    return max(able, key=lambda one: (one.silhouette * one.stability, -one.k), default=None)


def fit(rows: Floats, k: int, *, seed: int, starts: int = STARTS) -> KMeans:
    return KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(rows)


def _tried(rows: Floats, k: int, *, chance: Sequence[Floats], compared: np.ndarray, draw: np.random.Generator) -> Tried:
    labels = fit(rows, k, seed=k).labels_
    return Tried(
        k=k,
        silhouette=_silhouette(rows, labels, compared),
        by_chance=max(_silhouette(one, fit(one, k, seed=k, starts=2).labels_, compared) for one in chance),
        stability=_stability(rows, k, draw),
        smallest=float(np.bincount(labels, minlength=k).min() / len(rows)),
    )


def _silhouette(rows: Floats, labels: np.ndarray, compared: np.ndarray) -> float:
    if len(set(labels[compared].tolist())) < 2:
        return -1.0
    return float(silhouette_score(rows[compared], labels[compared]))


def _stability(rows: Floats, k: int, draw: np.random.Generator) -> float:
    found = []
    for _ in range(HALVES):
        order = draw.permutation(len(rows))
        halves = order[: len(rows) // 2], order[len(rows) // 2 :]
        one, other = (fit(rows[half], k, seed=k, starts=2).predict(rows) for half in halves)
        found.append(adjusted_rand_score(one, other))
    return float(np.mean(found))


def _without_clusters(rows: Floats, draw: np.random.Generator) -> Floats:
    """As many rows of one normal distribution with the same means and covariance."""
    drawn = draw.multivariate_normal(rows.mean(axis=0), np.cov(rows, rowvar=False), size=len(rows), method="eigh")
    return np.asarray(drawn, dtype=np.float64)
