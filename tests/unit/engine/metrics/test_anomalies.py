"""Months that stand out: the rate of false alarms as told, planted jumps found, and ranges one can check by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from rapport.engine.metrics.anomalies import Forecast, Scale, forecast, outlooks
from rapport.engine.metrics.spec import Unit

Series = Callable[[np.random.Generator], np.ndarray]
_T = np.arange(24)
_FLAT: Series = lambda g: 100 + 5 * g.standard_normal(24)  # noqa: E731
_CALM: dict[str, tuple[Unit, Series]] = {
    "noise": (Unit.POINTS, _FLAT),
    "trend": (Unit.POINTS, lambda g: 100 + 2 * _T + 5 * g.standard_normal(24)),
    "season": (
        Unit.POINTS,
        lambda g: 100 + 30 * np.sin(math.tau * (_T + g.integers(12)) / 12) + 5 * g.standard_normal(24),
    ),
    "one peak a year": (
        Unit.POINTS,
        lambda g: 100 + 40 * ((_T + g.integers(12)) % 12 == 0) + 5 * g.standard_normal(24),
    ),
    "random walk": (Unit.POINTS, lambda g: 1000 + np.cumsum(5 * g.standard_normal(24))),
    "few": (Unit.COUNT, lambda g: g.poisson(3, 24).astype(float)),
    "growing count": (Unit.COUNT, lambda g: g.poisson(300 * 1.02**_T).astype(float)),
    "growing amount": (Unit.AMOUNT, lambda g: 1e5 * 1.02**_T * np.exp(0.1 * g.standard_normal(24))),
    "share": (Unit.FRACTION, lambda g: g.binomial(200, 0.3, 24) / 200),
    "share of few": (Unit.FRACTION, lambda g: g.binomial(20, 0.05, 24) / 20),
}


def _forecast(series: np.ndarray, unit: Unit) -> Forecast:
    found = forecast([float(y) for y in series[:-1]], float(series[-1]), unit=unit)
    assert found is not None
    return found


class TestFalseAlarms:
    @pytest.mark.parametrize("kind", _CALM)
    def test_a_calm_month_leaves_a_95_percent_range_in_at_most_10_of_100(self, kind: str) -> None:
        unit, series = _CALM[kind]
        g = np.random.default_rng(3)
        drawn = [series(g) for _ in range(200)]
        p = [_forecast(y, unit).p_value(float(y[-1])) for y in drawn]
        assert np.mean(np.array(p) < 0.05) <= 0.1

    def test_a_calm_dashboard_names_anything_in_about_5_of_100_months_at_most(self) -> None:
        g = np.random.default_rng(4)
        kinds = list(_CALM.values())
        alarms = 0
        for _ in range(60):
            drawn = [(unit, series(g)) for unit, series in (kinds[g.integers(len(kinds))] for _ in range(20))]
            found = outlooks({n: (_forecast(y, unit), float(y[-1])) for n, (unit, y) in enumerate(drawn)})
            alarms += any(o.stands_out for o in found.values())
        assert alarms <= 6  # 3 expected at most; 6 or fewer of 60 in 97 % of such experiments


class TestPlantedJumps:
    @pytest.mark.parametrize(("jump", "least"), [(6, 0.4), (10, 0.9)])
    def test_in_one_of_20_metrics_are_found(self, jump: int, least: float) -> None:
        g = np.random.default_rng(5)
        named = 0
        for _ in range(40):
            drawn = [_FLAT(g) for _ in range(20)]
            drawn[0][-1] += jump * 5
            found = outlooks({n: (_forecast(y, Unit.POINTS), float(y[-1])) for n, y in enumerate(drawn)})
            named += found[0].stands_out and found[0].is_above
        assert named / 40 >= least

    def test_one_outlier_in_the_past_hides_nothing(self) -> None:
        y = _FLAT(np.random.default_rng(6))
        y[18] += 200
        y[-1] -= 60
        assert _forecast(y, Unit.POINTS).p_value(float(y[-1])) < 0.005

    def test_a_missing_season_is_found(self) -> None:
        y = 100 + 60 * np.sin(math.tau * _T / 12) + 3 * np.random.default_rng(7).standard_normal(24)
        told = _forecast(y, Unit.POINTS)
        assert told.seasonal
        assert told.p_value(100 + 60) < 0.01  # what the height of the season had, in its trough
        assert told.p_value(float(y[-1])) > 0.05


class TestRanges:
    def test_a_constant_count_is_taken_as_a_poisson_one(self) -> None:
        told = forecast([100.0] * 23, 100.0, unit=Unit.COUNT)
        assert told is not None
        assert (told.scale, told.spread, told.value) == (Scale.COUNT, 1.0, pytest.approx(100))
        low, high = told.between(0.05)
        assert 70 < low < 85 < 115 < high < 130

    def test_what_stands_out_lies_outside_its_range_and_nothing_else_does(self) -> None:
        g = np.random.default_rng(8)
        drawn = {n: _FLAT(g) for n in range(20)}
        for n in range(4):
            drawn[n][-1] += 12 * n
        found = outlooks({n: (_forecast(y, Unit.POINTS), float(y[-1])) for n, y in drawn.items()})
        assert any(o.stands_out for o in found.values())
        for o in found.values():
            assert o.stands_out is not (o.lower < o.value < o.upper)

    def test_a_share_s_range_stays_within_0_and_1(self) -> None:
        told = forecast([0.02, 0.0, 0.05] * 6, 0.01, unit=Unit.FRACTION)
        assert told is not None
        low, high = told.between(0.0001)
        assert 0 <= low < high <= 1

    def test_less_than_a_year_tells_nothing(self) -> None:
        assert forecast([5.0] * 11, 5.0, unit=Unit.COUNT) is None

    def test_nothing_watched_is_nothing_named(self) -> None:
        assert outlooks({}) == {}

    def test_shifting_and_scaling_a_plain_series_shifts_and_scales_its_range(self) -> None:
        y = _FLAT(np.random.default_rng(9))
        one, other = _forecast(y, Unit.POINTS), _forecast(10 * y + 7, Unit.POINTS)
        assert other.between(0.05) == pytest.approx(tuple(10 * edge + 7 for edge in one.between(0.05)))
