"""Forecasts kept every day as they were made, so that they can be held against what came.

| forecast | value, lower and upper |
| --- | --- |
| `bookings` | expected, 80 % band, of all deals |
| `bookings:50`, `bookings:95` | expected, that band |
| `bookings:run_rate`, `:stage_weighted`, `:commit`, `:best_case` | the value alone |
| `bookings:owner=<id>` | expected, 80 % band, of one owner |
| a metric's id, as `leads` | expected, 80 % band, of a month to come; `leads:run_rate` beside it |

One made before the second day of its period is frozen: the last of these is what accuracy is measured by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.local_day import start_of_local_day
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import RapportError
from rapport.engine.forecasting.bands import Bands
from rapport.engine.forecasting.pipeline.forecast import VERSION, pipeline_forecast
from rapport.engine.forecasting.pipeline.told import PipelineForecast
from rapport.engine.forecasting.volumes import VERSION as VOLUMES_VERSION
from rapport.engine.forecasting.volumes import forecast_series
from rapport.engine.metrics.period import Period
from rapport.engine.runner import Runner
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.dashboards import reporting_zone
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.forecasts.asked import choices, name_of, period_named
from rapport.workspace.metrics.models import ForecastSnapshot

BOOKINGS = "bookings"
SERIES = ("leads", "cases_opened", "orders", "revenue")
GRACE_DAYS = 1
_MONTHS_AHEAD = 3
_OWNER_FUTURES = 10_000
_BESIDE = ("run_rate", "stage_weighted", "commit", "best_case")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Attributes: rows kept today; failed, forecasts that could not be told, with why."""

    rows: int
    failed: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _Row:
    forecast: str
    period: Period
    version: int
    value: float
    lower: float | None = None
    upper: float | None = None


def keep_forecasts(*, now: datetime) -> Kept:
    """Keep today's forecasts of this and the next month and quarter; run again on the same day, nothing changes."""
    failed: dict[str, str] = {}
    rows: list[_Row] = []
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        for name in choices(now.astimezone(reporting_zone()).date()):
            try:
                rows += _pipeline(snapshot, period_named(name), now=now, runner=runner)
            except RapportError as error:
                failed[f"{BOOKINGS} {name}"] = error.sentence
        for metric in SERIES:
            try:
                rows += _series(snapshot, metric, now=now, runner=runner)
            except RapportError as error:
                failed[metric] = error.sentence
    made = [_snapshot(row, now) for row in rows]
    ForecastSnapshot.objects.bulk_create(made, ignore_conflicts=True, batch_size=500)
    return Kept(rows=len(made), failed=failed)


def _pipeline(snapshot: Snapshot, period: Period, *, now: datetime, runner: Runner) -> Iterator[_Row]:
    found = pipeline_forecast(as_known(snapshot, now), period=period, runner=runner, futures=_OWNER_FUTURES, path=False)
    yield from _bands(BOOKINGS, found, found.whole.total)
    for name in _BESIDE:
        if (value := getattr(found.whole, name)) is not None:
            yield _Row(forecast=f"{BOOKINGS}:{name}", period=period, version=VERSION, value=value)
    for part in found.parts["owner"]:
        if part.value:
            low, high = part.total.band(80)
            yield _Row(
                forecast=f"{BOOKINGS}:owner={part.value}",
                period=period,
                version=VERSION,
                value=part.total.expected,
                lower=low,
                upper=high,
            )


def _bands(name: str, found: PipelineForecast, total: Bands) -> Iterator[_Row]:
    for share in (80, 50, 95):
        low, high = total.band(share)
        called = name if share == 80 else f"{name}:{share}"
        yield _Row(forecast=called, period=found.period, version=VERSION, value=total.expected, lower=low, upper=high)


def _series(snapshot: Snapshot, metric: str, *, now: datetime, runner: Runner) -> Iterator[_Row]:
    found = forecast_series(metric, snapshot, as_of=now, runner=runner, periods_ahead=_MONTHS_AHEAD)
    for point in found.coming:
        assert point.expected is not None
        assert point.run_rate is not None
        low, high = point.bands.band(80) if point.bands else (None, None)
        yield _Row(
            forecast=metric,
            period=point.period,
            version=VOLUMES_VERSION,
            value=point.expected,
            lower=low,
            upper=high,
        )
        yield _Row(forecast=f"{metric}:run_rate", period=point.period, version=VOLUMES_VERSION, value=point.run_rate)


def _snapshot(row: _Row, now: datetime) -> ForecastSnapshot:
    period, day = name_of(row.period), now.astimezone(reporting_zone()).date()
    key = f"{row.forecast} {period} {day.isoformat()} {row.version}"
    until = start_of_local_day(row.period.start + timedelta(days=GRACE_DAYS), reporting_zone().key)
    return ForecastSnapshot(
        id=f"forecast-{hashlib.sha256(key.encode()).hexdigest()[:32]}",
        forecast=row.forecast,
        version=row.version,
        made_at=now,
        recorded_at=now,
        created_at=now,
        period=period,
        value=row.value,
        lower=row.lower,
        upper=row.upper,
        is_frozen=now < until,
    )
