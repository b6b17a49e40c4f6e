"""Fewer groups for the first stage of a fit: neighbours in time together, with the mean of their times.

Means, not the edges of the bins: taking the lower edge of a week shifts alpha by a tenth.
"""

from __future__ import annotations

from math import log

import numpy as np

from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups

ENOUGH_GROUPS = 4_000  # below this many a coarse stage saves nothing
_BINS = 30  # of T and of t_x


def coarse_purchases(groups: PurchaseGroups) -> PurchaseGroups:
    """At most about `_BINS` classes of T and of t_x; x is kept below 30 and above put into narrow classes."""
    if len(groups) <= ENOUGH_GROUPS:
        return groups
    width = max(float(groups.T.max()) / _BINS, 1e-9)
    count = np.where(groups.x < 30, groups.x, np.round(30 * np.log(np.maximum(groups.x, 30) / 30) * 2) + 30)
    key = (count * 1_000 + np.floor(groups.t_x / width)) * 1_000 + np.floor(groups.T / width)
    _, place = np.unique(key.astype(np.int64), return_inverse=True)
    weight = np.asarray(np.bincount(place, groups.weight), dtype=np.float64)
    kept = weight > 0

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, values * groups.weight)[kept] / weight[kept])

    return PurchaseGroups(mean(groups.x), mean(groups.t_x), np.maximum(mean(groups.T), mean(groups.t_x)), weight[kept])


def time_box(groups: PurchaseGroups) -> tuple[float, float]:
    """Log of the shortest and longest time a scale parameter is searched in."""
    unit = log(max(float(np.average(groups.T, weights=groups.weight)), 1e-6))
    return unit - 12.0, unit + 12.0
