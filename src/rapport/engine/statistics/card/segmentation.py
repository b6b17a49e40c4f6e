"""The best few segments of an ordered row of bins."""

from __future__ import annotations

import numpy as np

from rapport.engine.statistics.auc import Floats

# how much the squared error, in standard errors, has to fall for a segment more: 5 %, one degree of freedom
_WORTH = 3.84


def segments(heights: Floats, weights: Floats, *, most: int, least: Floats, fewest: float) -> list[int]:
    """Where segments start, the first 0: at most `most`, with least weighted squared error around their means.

    Bins are in order; `heights` are log-odds and `weights` their information (1 / squared standard error).
    Every segment has at least `fewest` of what `least` counts (rows) unless all of them have not. Fewer
    segments are taken where one more explains too little to tell from chance.
    Source: Fisher 1958, "On grouping for maximum homogeneity", by dynamic programming.
    """
    count = len(heights)
    error = _errors(heights, weights)
    rows = np.concatenate([[0.0], np.cumsum(least)])
    allowed = rows[None, :] - rows[:, None] >= fewest
    cost = np.where(allowed, error, np.inf)
    best, starts = [cost[0]], [np.zeros(count + 1, dtype=np.intp)]
    for _ in range(1, min(most, count)):
        total = best[-1][:, None] + cost
        starts.append(np.argmin(total, axis=0))
        best.append(np.min(total, axis=0))
    whole = np.array([one[count] for one in best])
    if not np.isfinite(whole).any():
        return [0]
    chosen = _enough(whole)
    return _traced(starts, chosen, count)


def _errors(heights: Floats, weights: Floats) -> Floats:
    """Squared error of bins i..j-1 around their mean, for all i < j; infinite elsewhere."""
    w = np.concatenate([[0.0], np.cumsum(weights)])
    s = np.concatenate([[0.0], np.cumsum(weights * heights)])
    q = np.concatenate([[0.0], np.cumsum(weights * heights**2)])
    weight = w[None, :] - w[:, None]
    mean = (s[None, :] - s[:, None]) ** 2 / np.where(weight > 0, weight, 1.0)
    error = np.maximum(q[None, :] - q[:, None] - mean, 0.0)
    return np.where(np.arange(len(w))[:, None] < np.arange(len(w))[None, :], error, np.inf)


def _enough(whole: Floats) -> int:
    """The number of segments, less one: more as long as the error falls by what counts."""
    finite = [k for k in range(len(whole)) if np.isfinite(whole[k])]
    return min(finite, key=lambda k: (whole[k] + _WORTH * k, k))


def _traced(starts: list[np.ndarray[tuple[int], np.dtype[np.intp]]], chosen: int, count: int) -> list[int]:
    found, end = [], count
    for level in range(chosen, -1, -1):
        end = int(starts[level][end]) if level else 0
        found.append(end)
    return found[::-1]
