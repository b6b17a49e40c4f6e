"""Removal effects of a Markov chain over paths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from rapport.engine.metrics.attribution.markov import removal_effects

Path = tuple[str, bool]  # campaigns as letters, and whether it converted


def counted(paths: Sequence[Path], names: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n = len(names)
    starts, moves, converted, lost = np.zeros(n), np.zeros((n, n)), np.zeros(n), np.zeros(n)
    for path, won in paths:
        places = [names.index(letter) for letter in path]
        starts[places[0]] += 1
        for here, there in pairwise(places):
            moves[here, there] += 1
        (converted if won else lost)[places[-1]] += 1
    return starts, moves, converted, lost


def by_walking(paths: Sequence[Path], names: str, removed: str | None) -> float:
    """P(conversion) of the chain by multiplying its transition matrix until nothing moves: another way to the same."""
    starts, moves, converted, lost = counted(paths, names)
    leaving = moves.sum(axis=1) + converted + lost
    here, won = starts / starts.sum(), 0.0
    for _ in range(5_000):
        if removed is not None:
            here[names.index(removed)] = 0.0
        won += float(here @ (converted / leaving))
        here = here @ (moves / leaving[:, None])
    return won


VECTOR: list[Path] = [("AB", True), ("A", False), ("B", True), ("ABA", False)]


def test_the_published_example() -> None:
    effects = removal_effects(*counted(VECTOR, "AB"))
    assert effects == pytest.approx([2 / 3, 1.0])
    assert 2 * effects / effects.sum() == pytest.approx([0.8, 1.2])
    assert by_walking(VECTOR, "AB", None) == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(8))
def test_one_inverse_tells_what_removing_each_campaign_tells(seed: int) -> None:
    draw, names = np.random.default_rng(seed), "ABCDEF"
    paths = [
        ("".join(draw.choice(list(names), size=draw.integers(1, 7))), bool(draw.random() < 0.4)) for _ in range(60)
    ]
    overall = by_walking(paths, names, None)
    expected = [1 - by_walking(paths, names, name) / overall for name in names]
    assert removal_effects(*counted(paths, names)) == pytest.approx(expected, abs=1e-9)


def test_a_campaign_on_every_path_that_converts_is_needed_for_all() -> None:
    paths = [("AC", True), ("BC", True), ("A", False)]
    assert removal_effects(*counted(paths, "ABC"))[2] == pytest.approx(1.0)


def test_where_nothing_converts_nothing_is_needed() -> None:
    assert removal_effects(*counted([("AB", False), ("B", False)], "AB")) == pytest.approx([0.0, 0.0])
