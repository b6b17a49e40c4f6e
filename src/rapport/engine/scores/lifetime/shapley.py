"""Exact attribution of a difference to the few inputs that make it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial


def shapley(inputs: Sequence[str], value: Callable[[frozenset[str]], float]) -> dict[str, float]:
    """What each input adds, averaged over every order in which they could be brought in.

    Parameters: value, the figure with the named inputs as they are and the others as the base has them.
    The parts sum to value(all) - value(none). Source: Shapley 1953.
    """
    told = {group: value(group) for size in range(len(inputs) + 1) for group in _groups(inputs, size)}
    n = len(inputs)
    parts = dict.fromkeys(inputs, 0.0)
    for name in inputs:
        others = [one for one in inputs if one != name]
        for size in range(n):
            share = factorial(size) * factorial(n - size - 1) / factorial(n)
            for group in _groups(others, size):
                parts[name] += share * (told[group | {name}] - told[group])
    return parts


def _groups(inputs: Sequence[str], size: int) -> list[frozenset[str]]:
    return [frozenset(group) for group in combinations(inputs, size)]
