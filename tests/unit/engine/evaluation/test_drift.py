"""Drift: what chance does not explain, and how large it is."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.evaluation.drift import Spread, drift, drifts, spread_of


def _shares(*counts: int) -> Spread:
    return Spread(values=np.arange(len(counts), dtype=float), counts=np.array(counts, dtype=float))


class TestIndex:
    def test_is_the_sum_over_bins(self) -> None:
        """.3 against .5 and .7 against .5: .2 ln(.6/1) ... = .2 x (ln(.7/.5) - ln(.3/.5)) = .1695."""
        found = drift("x", _shares(50_000, 50_000), _shares(30_000, 70_000))
        assert found.psi == pytest.approx(0.2 * (np.log(0.7 / 0.5) - np.log(0.3 / 0.5)), abs=1e-4)
        assert found.level == "watch"

    def test_noise_is_bins_less_one_times_the_spare(self) -> None:
        found = drift("x", _shares(500, 300, 200), _shares(260, 140, 100))
        assert found.noise == pytest.approx(2 * (1 / 1000 + 1 / 500))
        assert found.bound == pytest.approx(9.2103 * (1 / 1000 + 1 / 500), abs=1e-5)  # chi-square, 2 degrees, 1 %

    def test_with_nothing_changed_it_is_as_noisy_as_told(self) -> None:
        """300 and 200 of the same population, 400 times: the mean index is the noise, and 1 in 100 lies beyond."""
        random = np.random.default_rng(5)
        found = [drift("x", spread_of(random.normal(size=300)), spread_of(random.normal(size=200))) for _ in range(400)]
        noise, bound = found[0].noise, found[0].bound
        assert noise == pytest.approx(9 * (1 / 300 + 1 / 200))
        assert np.mean([d.psi for d in found if d.psi is not None]) == pytest.approx(noise, rel=0.1)
        assert np.mean([(d.psi or 0) > (bound or 0) for d in found]) < 0.03


class TestLevel:
    def test_a_large_index_of_few_is_no_more_than_chance(self) -> None:
        """25 against 22 people in ten bins: the index is beyond .25 and means nothing."""
        random = np.random.default_rng(2)
        found = drift("x", spread_of(random.normal(size=25)), spread_of(random.normal(size=22)))
        assert (found.psi or 0) > 0.25
        assert found.level == "ok"

    def test_a_small_one_of_many_is_beyond_chance_and_still_small(self) -> None:
        found = drift("x", _shares(500_000, 500_000), _shares(490_000, 510_000))
        assert (found.psi or 0) > (found.bound or 1)
        assert found.level == "ok"

    def test_a_large_one_beyond_chance_alarms(self) -> None:
        found = drift("pricing page", _shares(700, 300), _shares(300, 700))
        assert found.level == "alarm"
        assert found.sentence.startswith("Pricing page is another than when it was published")
        assert "not 0 for 70% now, 30% when published" in found.sentence

    def test_too_few_are_not_compared(self) -> None:
        assert drift("x", _shares(5, 5), _shares(500, 500)).level == "unknown"

    def test_a_value_that_was_never_there_is_seen(self) -> None:
        then = Spread(values=np.array([0.0]), counts=np.array([1000.0]))
        assert drift("x", then, _shares(400, 600)).level == "alarm"

    def test_a_constant_has_not_moved(self) -> None:
        always = Spread(values=np.array([3.0]), counts=np.array([100.0]))
        assert drift("x", always, always).level == "ok"


def test_comparing_many_raises_the_bound() -> None:
    one = drift("a", _shares(500, 500), _shares(480, 520))
    many = drifts({n: _shares(500, 500) for n in "abcdefgh"}, {n: _shares(480, 520) for n in "abcdefgh"})
    assert (many[0].bound or 0) > (one.bound or 0)


def test_the_one_that_moved_most_comes_first() -> None:
    then = {"still": _shares(500, 500), "moved": _shares(500, 500)}
    assert [d.name for d in drifts(then, {"still": _shares(500, 500), "moved": _shares(100, 900)})] == [
        "moved",
        "still",
    ]
