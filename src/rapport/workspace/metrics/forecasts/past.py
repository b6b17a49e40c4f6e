"""How good forecasts were: those frozen when their period began, and those that would have been made before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache

from rapport.engine.crm.local_day import start_of_local_day
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.forecasting.accuracy import Accuracy, accuracy
from rapport.engine.forecasting.pipeline.backtest import Backtest, backtest
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Grain, Period
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.dashboards import reporting_zone
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.forecasts.asked import READ_TABLES, period_named, slot
from rapport.workspace.metrics.forecasts.keeping import BOOKINGS
from rapport.workspace.metrics.models import ForecastSnapshot

MONTHS = 6
DAYS = 30
_RUN_RATE = f"{BOOKINGS}:run_rate"
_KEPT_S = 6 * 3600


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """A forecast as frozen when its period began, and what was won. run_rate: as it stood then; None if not kept."""

    period: Period
    made_at: datetime
    value: float
    lower: float | None
    upper: float | None
    run_rate: float | None
    came: float


@dataclass(frozen=True, kw_only=True)
class Past:
    """Attributes: frozen forecasts whose period is over, newest first, with their accuracy and the run rate's; tried,
    the last six months as they would have been forecast (None where there is too little)."""

    frozen: tuple[Frozen, ...]
    frozen_accuracy: Accuracy | None
    run_rate_accuracy: Accuracy | None
    tried: Backtest | None


def past(*, now: datetime) -> Past:
    """Of all deals; computed once in six hours, and anew while nothing can be told."""
    key = f"forecast.past.{slot(now, hours=6)}"
    known: Past | None = cache.get(key)
    if known is None:
        known = _past(now)
        if known.tried is not None:
            cache.set(key, known, _KEPT_S)
    return known


def _past(now: datetime) -> Past:
    frozen = _frozen(now)
    came = [f.came for f in frozen]
    beside = [f for f in frozen if f.run_rate is not None]
    return Past(
        frozen=frozen,
        frozen_accuracy=accuracy([f.value for f in frozen], came) if frozen else None,
        run_rate_accuracy=accuracy([f.run_rate or 0.0 for f in beside], [f.came for f in beside]) if beside else None,
        tried=_tried(now),
    )


def _tried(now: datetime) -> Backtest | None:
    """At the ends of the last months whose next 30 days are over."""
    today = now.astimezone(reporting_zone()).date()
    ends = [p.end for p in Period.last_months(MONTHS + 2, until=today).split(Grain.MONTH)]
    midnights = [start_of_local_day(day, reporting_zone().key) for day in ends]
    origins = [m - timedelta(microseconds=1) for m in midnights if m + timedelta(days=DAYS) <= now][-MONTHS:]
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        try:
            found = backtest(snapshot, origins=origins, days=DAYS, as_of=now, runner=runner)
        except DataError:
            return None
    return found if found.origins else None


def _frozen(now: datetime) -> tuple[Frozen, ...]:
    """The last one made before its period's second day, of each period that is over."""
    rows = ForecastSnapshot.objects.filter(
        forecast__in=(BOOKINGS, _RUN_RATE), is_frozen=True, deleted_at=None, value__isnull=False
    ).order_by("made_at")
    newest = {(row.period or "", row.forecast): row for row in rows}
    found = []
    for (name, forecast), row in newest.items():
        if forecast != BOOKINGS or (period := _period(name)) is None:
            continue
        if start_of_local_day(period.end, reporting_zone().key) > now:
            continue
        beside = newest.get((name, _RUN_RATE))
        found.append((period, row, beside.value if beside else None))
    if not found:
        return ()
    came = _came([period for period, _, _ in found], now)
    told = [
        Frozen(
            period=period,
            made_at=row.made_at,
            value=row.value or 0.0,
            lower=row.lower,
            upper=row.upper,
            run_rate=run_rate,
            came=came[period],
        )
        for period, row, run_rate in found
        if period in came
    ]
    return tuple(sorted(told, key=lambda f: (f.period.end, f.period.start), reverse=True))


def _period(name: str) -> Period | None:
    """None for one that was brought from elsewhere under another name."""
    try:
        return period_named(name)
    except DefinitionError:
        return None


def _came(periods: list[Period], now: datetime) -> dict[Period, float]:
    """Bookings of each period."""
    told = {}
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        for period in periods:
            value = measure([BOOKINGS], snapshot, period=period, as_of=now, runner=runner)[0].value
            if value is not None:
                told[period] = float(value)
    return told
