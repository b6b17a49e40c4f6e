"""Frozen clusters: scales and centroids. Who belongs where is a pure function of them and the features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from rapport.engine.statistics.clusters.choosing import Tried, best, fit, try_all
from rapport.engine.statistics.clusters.scaling import Floats, Scale, fit_scale, scaled

VERSION = 1
MOST_CLUSTERS = 7
SELECTION_ROWS, FIT_ROWS = 3_000, 20_000
FEWEST_ROWS = 100  # fewer rows cannot tell clusters from chance


@dataclass(frozen=True, kw_only=True)
class Feature:
    """What is known of a feature before its values are seen.

    Attributes:
        is_log: whether it is skewed, as amounts and counts are.
        block: features of one block (shares of channels) together weigh as much as one feature alone.
    """

    name: str
    is_log: bool = False
    block: str = ""


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """Attributes:
    scales: one per feature that tells rows apart. centroids: one row per cluster, in scaled features, largest first.
    tried: how each number of clusters fared.
    """

    scales: tuple[Scale, ...]
    centroids: tuple[tuple[float, ...], ...]
    tried: tuple[Tried, ...] = ()
    version: int = VERSION

    def assign(self, features: Mapping[str, Floats]) -> npt.NDArray[np.int64]:
        """The nearest centroid of each row, the first of those equally near."""
        rows = self._rows(features)
        centroids = np.asarray(self.centroids)
        apart = (rows**2).sum(axis=1)[:, None] - 2 * rows @ centroids.T + (centroids**2).sum(axis=1)[None, :]
        return np.asarray(apart.argmin(axis=1), dtype=np.int64)

    def _rows(self, features: Mapping[str, Floats]) -> Floats:
        return np.column_stack([scaled(scale, features[scale.name]) for scale in self.scales])

    def to_document(self) -> dict[str, Any]:
        """As JSON that `from_document` reads back, bit for bit."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Clusters:
        return cls(
            scales=tuple(Scale(**one) for one in document["scales"]),
            centroids=tuple(tuple(map(float, one)) for one in document["centroids"]),
            tried=tuple(Tried(**one) for one in document["tried"]),
            version=document["version"],
        )


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What a search came to: clusters, or why there are none and how each number of them fared."""

    clusters: Clusters | None
    reason: str = ""
    tried: tuple[Tried, ...] = field(default_factory=tuple)


def find_clusters(
    features: Sequence[Feature],
    values: Mapping[str, Floats],
    *,
    k: int | None = None,
    least_share: float = 0.03,
    seed: int = 0,
) -> Sought:
    """Clusters of rows, or the reason why there are none. The same rows in the same order give the same clusters.

    Parameters:
        values: by feature, one value per row; nan where unknown.
        k: this many, however well they fare; None chooses.
        least_share: share of the rows that the smallest cluster must have.
    """
    count = len(next(iter(values.values()))) if values else 0
    if count < FEWEST_ROWS:
        return Sought(
            clusters=None, reason=f"{count:,} is too few to tell groups from chance: {FEWEST_ROWS} are needed."
        )
    scales = _scales(features, values)
    if not scales:
        return Sought(clusters=None, reason="They all behave the same.")
    draw = np.random.default_rng(seed)
    order = draw.permutation(count)[:FIT_ROWS]
    rows = np.column_stack([scaled(scale, values[scale.name][order]) for scale in scales])
    with threadpool_limits(limits=1):  # the order of sums, and so the last digit, must not depend on threads
        tried = try_all(rows[:SELECTION_ROWS], most=MOST_CLUSTERS, seed=seed)
        chosen = k or getattr(best(tried, least_share=least_share), "k", None)
        if chosen is None:
            return Sought(clusters=None, reason=_why_not(tried, least_share), tried=tuple(tried))
        fitted = fit(rows, chosen, seed=seed, starts=10)
    sizes = np.bincount(fitted.labels_, minlength=chosen)
    largest_first = sorted(range(chosen), key=lambda one: (-sizes[one], tuple(fitted.cluster_centers_[one])))
    centroids = tuple(tuple(map(float, fitted.cluster_centers_[one])) for one in largest_first)
    return Sought(clusters=Clusters(scales=scales, centroids=centroids, tried=tuple(tried)), tried=tuple(tried))


def _scales(features: Sequence[Feature], values: Mapping[str, Floats]) -> tuple[Scale, ...]:
    found = [(f, fit_scale(f.name, values[f.name], is_log=f.is_log)) for f in features]
    telling = [(f, scale) for f, scale in found if scale is not None]
    blocks = [f.block or f.name for f, _ in telling]
    weights = [1 / blocks.count(block) ** 0.5 for block in blocks]
    return tuple(
        Scale(**{**asdict(scale), "weight": weight}) for (_, scale), weight in zip(telling, weights, strict=True)
    )


def _why_not(tried: Sequence[Tried], least_share: float) -> str:
    """What came nearest, in words."""
    nearest = max(tried, key=lambda one: one.silhouette - one.by_chance)
    if nearest.holds(least_share=0):
        return f"The {nearest.k} groups that show hold fewer than {least_share:.0%} of all in the smallest."
    return (
        "They form no clear groups: however they are divided, the parts stand apart no more than chance would have it, "
        "or come out differently from another half of them."
    )
