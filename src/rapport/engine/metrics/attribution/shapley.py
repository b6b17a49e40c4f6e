"""Shapley values of campaigns: what each adds on average to the share of paths that end in a conversion."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np
import numpy.typing as npt

EXACT = 12  # campaigns up to which all sets of them are looked at
ORDERS = 2_000  # orders of the campaigns drawn where there are more
_SEED = 20_260_101

Floats = npt.NDArray[np.float64]


def shapley_values(sets: Sequence[Sequence[int]], converted: Floats, paths: Floats, n: int) -> Floats:
    """(n,) values that add up to the share of all paths that converted; may be below 0.

    Parameters:
        sets: for each kind of path which campaigns, 0 .. n - 1, are on it; their order plays no part.
        converted, paths: how many paths of the kind converted, and there are.
    The worth of a set of campaigns is the share that converts of the paths with none but these; 0 where there is none.
    Exact for 12 campaigns or fewer (Shapley 1953), else the mean of 2,000 orders drawn from a fixed seed, each with its
    reverse (Castro et al. 2009, Computers & Operations Research 36(5)).
    """
    return _exact(sets, converted, paths, n) if n <= EXACT else _drawn(sets, converted, paths, n)


def _rate(converted: Floats, paths: Floats) -> Floats:
    return np.divide(converted, paths, out=np.zeros_like(converted), where=paths > 0)


def _exact(sets: Sequence[Sequence[int]], converted: Floats, paths: Floats, n: int) -> Floats:
    masks = np.array([sum(1 << campaign for campaign in one) for one in sets], dtype=np.int64)
    worth = _rate(_within(masks, converted, n), _within(masks, paths, n))
    every = np.arange(1 << n)
    sizes = np.array([int(mask).bit_count() for mask in every])
    weights = np.array([factorial(size) * factorial(n - size - 1) / factorial(n) for size in range(n)])
    values = np.empty(n)
    for campaign in range(n):
        without = every[(every >> campaign) & 1 == 0]
        values[campaign] = weights[sizes[without]] @ (worth[without | (1 << campaign)] - worth[without])
    return values


def _within(masks: npt.NDArray[np.int64], amounts: Floats, n: int) -> Floats:
    """(2 ** n,) for each set of campaigns the sum over the paths within it (Yates 1937)."""
    sums: Floats = np.bincount(masks, weights=amounts, minlength=1 << n).astype(np.float64).reshape((2,) * n)
    for axis in range(n):
        sums = np.cumsum(sums, axis=axis)
    return sums.reshape(-1)


def _drawn(sets: Sequence[Sequence[int]], converted: Floats, paths: Floats, n: int) -> Floats:
    """A path counts from the place on at which the last of its campaigns has joined."""
    members = np.concatenate([np.asarray(one, dtype=np.int64) for one in sets])
    begins = np.cumsum([0, *(len(one) for one in sets[:-1])])
    draw, total = np.random.default_rng(_SEED), np.zeros(n)
    for _ in range(ORDERS // 2):
        order = draw.permutation(n)
        for joined in (order, order[::-1]):
            place = np.empty(n, dtype=np.int64)
            place[joined] = np.arange(n)
            complete = np.maximum.reduceat(place[members], begins)
            worth = _rate(_so_far(complete, converted, n), _so_far(complete, paths, n))
            total[joined] += np.diff(worth, prepend=0.0)
    return total / ORDERS


def _so_far(complete: npt.NDArray[np.int64], amounts: Floats, n: int) -> Floats:
    """(n,) the sum over the paths complete by each place."""
    sums: Floats = np.cumsum(np.bincount(complete, weights=amounts, minlength=n).astype(np.float64))
    return sums
