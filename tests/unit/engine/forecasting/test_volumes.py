"""Series that are to come: seasons, trends, short histories, zeros, and bands that hold."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.forecasting.volumes import SeriesForecast, forecast_series, series_forecast
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.statistics.seasonal import BLEND, RUN_RATE, SEASONAL, SEASONAL_NAIVE, ahead
from tiny_company import arrow_rows

NOW = datetime(2024, 7, 10, tzinfo=UTC)


def months(values: list[float | None], *, last: date = date(2024, 6, 1)) -> list[tuple[Period, float | None]]:
    periods = Period.last_months(len(values), until=last).split(Grain.MONTH)
    return list(zip(periods, values, strict=True))


def forecast(values: list[float | None], *, counts: bool = True, grain: Grain = Grain.MONTH) -> SeriesForecast:
    return series_forecast("leads", months(values), as_of=NOW, grain=grain, periods_ahead=6, counts=counts)


class TestAhead:
    def test_a_steady_series_goes_on(self) -> None:
        found = ahead(np.full(24, 100.0), steps=3, season=12, run_rate_length=3, counts=True)
        assert found.value == pytest.approx([100, 100, 100])
        assert found.method == RUN_RATE

    def test_a_weekly_pattern_is_found_from_noise(self) -> None:
        random = np.random.default_rng(1)
        usual = np.array([30, 28, 26, 25, 22, 5, 3.0])
        series = random.poisson(np.resize(usual, 140)).astype(float)
        found = ahead(series, steps=14, season=7, run_rate_length=90, counts=True)
        assert found.method == SEASONAL
        assert found.value == pytest.approx(np.resize(usual, 14), rel=0.35)
        tried = {t.method: t.wape for t in found.tried}
        assert tried[SEASONAL] is not None
        assert tried[RUN_RATE] is not None
        assert tried[SEASONAL] < tried[RUN_RATE] / 2

    def test_a_trend_is_followed_but_damped(self) -> None:
        found = ahead(np.arange(1.0, 37.0), steps=6, season=12, run_rate_length=3, counts=False)
        assert 36 < found.value[0] < 37.5
        assert found.value[5] > found.value[0]
        assert found.run_rate == pytest.approx(np.full(6, 35.0))

    def test_bands_hold_as_often_as_they_say(self) -> None:
        """200 series of two years of Poisson months with a season: about 160 should lie in a band of 80 %."""
        random = np.random.default_rng(7)
        held = {0.5: 0, 0.8: 0, 0.95: 0}
        for _ in range(200):
            level, swing, shift = random.uniform(5, 200), random.uniform(0, 0.5), random.uniform(0, 12)
            means = level * (1 + swing * np.sin((np.arange(40) + shift) * np.pi / 6))
            series = random.poisson(means).astype(float)
            found = ahead(series[:37], steps=3, season=12, run_rate_length=3, counts=True)
            for share in held:
                low, high = found.quantile(0.5 - share / 2)[2], found.quantile(0.5 + share / 2)[2]
                held[share] += low <= series[39] <= high
        assert 85 <= held[0.5] <= 130
        assert 145 <= held[0.8] <= 180
        assert held[0.95] >= 182

    @pytest.mark.parametrize("length", [1, 2, 3, 4, 7])
    def test_short_histories_have_values_and_wide_bands(self, length: int) -> None:
        found = ahead(np.full(length, 10.0), steps=2, season=12, run_rate_length=3, counts=True)
        assert found.value == pytest.approx([10, 10])
        assert found.quantile(0.025)[0] < 6
        assert found.quantile(0.975)[0] > 15

    def test_sums_of_one_period_have_no_band(self) -> None:
        found = ahead(np.array([500.0]), steps=1, season=12, run_rate_length=3, counts=False)
        assert np.isnan(found.quantile(0.9)[0])

    def test_zeros_stay_near_zero_and_never_below(self) -> None:
        found = ahead(np.zeros(30), steps=4, season=12, run_rate_length=3, counts=True)
        assert found.value == pytest.approx(np.zeros(4))
        assert (found.quantile(0.025) == 0).all()
        assert 0 < found.quantile(0.975)[0] < 3

    def test_the_methods_that_need_seasons_are_not_tried_without_them(self) -> None:
        found = ahead(np.arange(20.0), steps=1, season=12, run_rate_length=3, counts=True)
        assert {t.method for t in found.tried}.isdisjoint({SEASONAL, SEASONAL_NAIVE})
        assert BLEND in {t.method for t in found.tried}


class TestSeries:
    def test_months_are_told_by_the_day(self) -> None:
        """100 a day: February 2025 has 28 days, January 31."""
        values: list[float | None] = [100.0 * p.days for p, _ in months([0.0] * 12, last=date(2024, 12, 1))]
        told = series_forecast(
            "revenue",
            months(values, last=date(2024, 12, 1)),
            as_of=NOW,
            grain=Grain.MONTH,
            periods_ahead=2,
            counts=False,
        )
        assert [p.expected for p in told.coming] == pytest.approx([3100, 2800])
        assert [p.run_rate for p in told.coming] == pytest.approx([3100, 2800])
        assert [p.period.start for p in told.coming] == [date(2025, 1, 1), date(2025, 2, 1)]

    def test_unknown_months_at_the_start_are_left_out_and_gaps_are_bridged(self) -> None:
        told = forecast([None, None, 10, None, 12, 11])
        assert [p.period.start.month for p in told.past] == [3, 4, 5, 6]
        assert told.past[1].came == pytest.approx(11)

    def test_nothing_known_is_an_error_not_a_zero(self) -> None:
        with pytest.raises(DataError, match="No whole period is known"):
            forecast([None, None])


class TestMetrics:
    def test_a_metric_s_months_come_from_its_own_measurement(self, runner: DuckdbRunner) -> None:
        rows = [
            {
                "created_at": f"2024-{month:02d}-15",
                "recorded_at": f"2024-{month:02d}-15",
                "opened_at": f"2024-{month:02d}-15",
            }
            for month in range(1, 8)
            for _ in range(10 + month)
        ]
        company = Snapshot({"cases": runner.from_arrow(arrow_rows("cases", rows))})
        told = forecast_series("cases_opened", company, as_of=NOW, runner=runner, periods_ahead=3)
        assert [p.came for p in told.past] == [11, 12, 13, 14, 15, 16]
        assert told.coming[0].period == Period.month(2024, 7)
        assert told.coming[0].expected == pytest.approx(16, rel=0.15)

    def test_a_ratio_is_refused(self, runner: DuckdbRunner) -> None:
        with pytest.raises(DefinitionError, match="adds up over time"):
            forecast_series("win_rate", Snapshot({}), as_of=NOW, runner=runner)
