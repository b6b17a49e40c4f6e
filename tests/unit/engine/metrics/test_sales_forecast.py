"""Forecasts frozen when a period began, against what was won in it."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure
from rapport.engine.metrics.relations.forecasts import names_of
from tiny_company import Company, Row, utc

NOW = utc("2024-12-31")
ALL = ["forecast_at_start", "forecast_accuracy", "forecast_bias", "forecast_wape"]


def forecast(value: float, made_at: str = "2024-03-01 08:00", period: str = "2024-03", name: str = "bookings") -> Row:
    return {"forecast": name, "value": value, "made_at": made_at, "period": period, "is_frozen": True}


def won(amount: float | None, closed_at: str = "2024-03-15", owner: str = "u1", **columns: object) -> Row:
    return {
        "status": "won",
        "created_at": "2024-01-01",
        "closed_at": closed_at,
        "amount": amount,
        "owner_id": owner,
        **columns,
    }


def test_a_period_has_a_long_name_and_a_short_one() -> None:
    assert names_of(Period.quarter(2024, 2)) == ("2024-04-01/2024-07-01", "2024-04-01 to 2024-06-30", "2024-Q2")
    assert "2024" in names_of(Period.year(2024))
    assert "2025-W01" in names_of(Period.week(2025, 1))
    assert "2024-02" in names_of(Period.month(2024, 2))
    assert names_of(Period(date(2024, 1, 2), date(2024, 1, 5)))[0] == "2024-01-02/2024-01-05"


class TestAccuracy:
    def test_the_last_forecast_before_the_second_day_counts(self, company: Company, runner: DuckdbRunner) -> None:
        """Frozen at 800 in time; what was said on the second day, drafts and other periods do not count."""
        forecasts = [
            forecast(500, made_at="2024-02-20"),
            forecast(800, made_at="2024-03-01 21:59"),
            forecast(999, made_at="2024-03-01 23:30"),  # already 2 March in Stockholm
            {**forecast(7, made_at="2024-03-01 10:00"), "is_frozen": False},
            forecast(1, period="2024-Q1"),
            forecast(2, name="leads"),
        ]
        deals = [won(600), won(400, "2024-03-31 21:59"), won(50, "2024-03-31 22:30")]
        snapshot = company(forecast_snapshots=forecasts, deals=deals, time_zone="Europe/Stockholm")
        at_start, accuracy, bias, wape = measure(ALL, snapshot, period=Period.month(2024, 3), as_of=NOW, runner=runner)
        assert float(at_start.value or 0) == 800
        assert accuracy.value == pytest.approx(0.8)
        assert bias.value == pytest.approx(-0.2)
        assert wape.value is None

    def test_without_a_forecast_in_time_or_without_wins_there_is_no_value(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        forecasts = [forecast(500, made_at="2024-03-05"), forecast(300, made_at="2024-04-01", period="2024-04")]
        snapshot = company(forecast_snapshots=forecasts, deals=[won(600)])
        months = Period(date(2024, 3, 1), date(2024, 5, 1))
        values = measure(ALL[:2], snapshot, period=months, as_of=NOW, runner=runner, grain="month")
        march, april = values[:2]
        assert (march.value, float(april.value or 0)) == (None, 300)
        assert [v.value for v in values[2:]] == [None, None]
        assert "in time" in (values[2].reason or "")
        assert "divide" in (values[3].reason or "")

    def test_errors_of_owners_do_not_cancel_out(self, company: Company, runner: DuckdbRunner) -> None:
        """Anna 900 for 600, Bo 300 for 600: right together, wrong by half of it each way; Carl made no forecast."""
        forecasts = [
            forecast(1_200),
            forecast(900, name="bookings:owner=anna"),
            forecast(300, name="bookings:owner=bo"),
        ]
        deals = [won(600, owner="anna"), won(600, owner="bo"), won(None, owner="bo"), won(5, owner="carl")]
        snapshot = company(forecast_snapshots=forecasts, deals=deals[:3])
        march = Period.month(2024, 3)
        values = measure(ALL, snapshot, period=march, as_of=NOW, runner=runner)
        assert [float(v.value or 0) for v in values] == [1_200, 1.0, 0.0, 0.5]
        theirs = measure(["forecast_accuracy"], snapshot, period=march, as_of=NOW, runner=runner, by=["owner"])
        assert {v.dimensions["owner"]: v.value for v in theirs} == {"anna": 0.5, "bo": 0.5}
        with_carl = company(forecast_snapshots=forecasts, deals=deals)
        assert measure(["forecast_wape"], with_carl, period=march, as_of=NOW, runner=runner)[0].value == 0.5
