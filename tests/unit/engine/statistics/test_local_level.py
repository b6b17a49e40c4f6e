"""Possible futures of monthly series: as wide as the truth needs, the same each time, and none from too little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from rapport.engine.statistics.local_level import paths

Array = npt.NDArray[np.float64]
AHEAD, SERIES = 6, 60


def _noise(chance: np.random.Generator, n: int) -> Array:
    return 3 + 0.2 * chance.normal(size=n)


def _walk(chance: np.random.Generator, n: int) -> Array:
    return 3 + np.cumsum(0.1 * chance.normal(size=n))


def _wandering_noise(chance: np.random.Generator, n: int) -> Array:
    return 3 + np.cumsum(0.05 * chance.normal(size=n)) + 0.15 * chance.normal(size=n)


def _trend(chance: np.random.Generator, n: int) -> Array:
    return 3 + 0.03 * np.arange(n) + 0.1 * chance.normal(size=n)


def _seasons(chance: np.random.Generator, n: int) -> Array:
    time = np.arange(n)
    return np.asarray(3 + 0.4 * np.sin(np.pi * time / 6) + 0.3 * (time % 12 == 11) + 0.1 * chance.normal(size=n))


class TestCoverage:
    """Log series of known make; the sum of the next six months is to lie in the 80 % interval four times of five."""

    def test_of_three_years_of_history(self) -> None:
        chance = np.random.default_rng(7)
        inside: dict[str, float] = {}
        for make in (_noise, _walk, _wandering_noise, _trend, _seasons):
            hits = []
            for seed in range(SERIES):
                series = make(chance, 36 + AHEAD)
                sums, truth = _sums(series[:36], seed), np.exp(series[36:]).sum()
                hits.append(np.quantile(sums, 0.1) <= truth <= np.quantile(sums, 0.9))
            inside[make.__name__] = float(np.mean(hits))
        assert 0.75 <= np.mean(list(inside.values())) <= 0.9, inside
        assert min(inside.values()) >= 0.62, inside  # of 60 of a kind, 80 % within three standard errors

    def test_a_chance_told_comes_true_as_often(self) -> None:
        chance = np.random.default_rng(11)
        told, met = [], []
        for seed in range(3 * SERIES):
            series = _wandering_noise(chance, 24 + AHEAD)
            sums = _sums(series[:24], seed)
            target = np.exp(series[18:24]).sum() * chance.uniform(0.75, 1.35)
            told.append((sums >= target).mean())
            met.append(np.exp(series[24:]).sum() >= target)
        told_at, came = np.array(told), np.array(met)
        for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
            within = (told_at >= low) & (told_at < high)
            assert within.sum() > 15
            assert came[within].mean() == pytest.approx(told_at[within].mean(), abs=0.15)


def _sums(series: Array, seed: int) -> Array:
    found = paths(list(series), steps=AHEAD, count=400, seed=seed, floor=0.05)
    assert found is not None
    return np.asarray(np.exp(found.values).sum(axis=1))


class TestPaths:
    def test_are_the_same_for_the_same_series(self) -> None:
        series = [float(v) for v in _noise(np.random.default_rng(3), 20)]
        first, again = (paths(series, steps=4, count=100, seed=1, floor=0.05) for _ in range(2))
        assert first is not None
        assert again is not None
        np.testing.assert_array_equal(first.values, again.values)
        assert first.values.shape == (100, 4)

    def test_are_not_drawn_from_fewer_than_six_months(self) -> None:
        assert paths([1.0] * 5 + [None] * 30, steps=3, count=10, seed=1, floor=0.05) is None
        assert paths([1.0] * 6, steps=3, count=10, seed=1, floor=0.05) is not None

    def test_follow_the_level_and_not_unknown_months(self) -> None:
        found = paths([5.0, 5.1, None, 4.9, 5.0, None, 5.1, 5.0, 4.9, 5.0], steps=2, count=2000, seed=1, floor=0.05)
        assert found is not None
        assert np.median(found.values) == pytest.approx(5.0, abs=0.05)

    def test_repeat_a_december_seen_twice(self) -> None:
        year = [1.0] * 11 + [2.0]
        chance = np.random.default_rng(2)
        series = [v + float(chance.normal(0, 0.03)) for v in year * 3]
        found = paths(series, steps=12, count=1000, seed=1, floor=0.02)
        assert found is not None
        middle = np.median(found.values, axis=0)
        assert middle[:11] == pytest.approx(np.full(11, 1.0), abs=0.15)
        assert middle[11] == pytest.approx(2.0, abs=0.15)

    def test_spread_more_the_further_they_go(self) -> None:
        found = paths(list(_walk(np.random.default_rng(5), 36)), steps=12, count=2000, seed=1, floor=0.05)
        assert found is not None
        assert found.values[:, 11].std() > 2 * found.values[:, 0].std()
