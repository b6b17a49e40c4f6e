"""Volumes: leads, cases, orders, any additive metric by day, week or month, with intervals and the run rate beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from dateutil.relativedelta import relativedelta

from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.forecasting.bands import Bands
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Additivity, Unit
from rapport.engine.runner import Runner
from rapport.engine.statistics.seasonal import Ahead, Floats, Tried, ahead

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class _Rhythm:
    """How a grain is read: periods of history, those after which a pattern repeats, those of 90 days."""

    history: relativedelta
    season: int
    run_rate: int


_RHYTHMS = {
    Grain.DAY: _Rhythm(history=relativedelta(days=182), season=7, run_rate=90),
    Grain.WEEK: _Rhythm(history=relativedelta(weeks=130), season=52, run_rate=13),
    Grain.MONTH: _Rhythm(history=relativedelta(months=48), season=12, run_rate=3),
}


@dataclass(frozen=True, kw_only=True)
class Point:
    """One period: `bands` where it is to come (None where no interval can be told), `came` where it is over.

    expected and run_rate are None for the past.
    """

    period: Period
    came: float | None = None
    expected: float | None = None
    bands: Bands | None = None
    run_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class SeriesForecast:
    """Attributes:
    points: whole periods of the past, oldest first, then those to come; the one under way counts as to come.
    method: what did best on the past; tried: errors of all methods there, the run rate among them.
    """

    metric: str
    grain: Grain
    as_of: datetime
    points: tuple[Point, ...]
    method: str
    tried: tuple[Tried, ...]

    @property
    def past(self) -> tuple[Point, ...]:
        return tuple(p for p in self.points if p.came is not None)

    @property
    def coming(self) -> tuple[Point, ...]:
        return tuple(p for p in self.points if p.expected is not None)


def forecast_series(
    metric: str,
    snapshot: Snapshot,
    *,
    as_of: datetime,
    runner: Runner,
    grain: Grain | str = Grain.MONTH,
    periods_ahead: int = 6,
    filters: Sequence[Only] = (),
) -> SeriesForecast:
    """The next periods of an additive metric, from its whole periods before `as_of`, as known then.

    Raises: DefinitionError for a metric that does not add up over time, or a grain other than day, week and month;
    DataError where no whole period is known. One measurement of the metric (`metrics.measure`).
    """
    unit = _checked(metric, grain)
    rhythm = _RHYTHMS[Grain(grain)]
    under_way = Period.containing(local_day_of(as_of, snapshot.time_zone), Grain(grain))
    history = Period(Period.containing(under_way.start - rhythm.history, Grain(grain)).start, under_way.start)
    values = measure(
        [metric], snapshot, period=history, as_of=as_of, runner=runner, grain=Grain(grain), filters=filters
    )
    past = [(v.period, None if v.value is None else float(v.value)) for v in values]
    return series_forecast(
        metric, past, as_of=as_of, grain=Grain(grain), periods_ahead=periods_ahead, counts=unit is Unit.COUNT
    )


def series_forecast(
    metric: str,
    past: Sequence[tuple[Period, float | None]],
    *,
    as_of: datetime,
    grain: Grain,
    periods_ahead: int,
    counts: bool,
) -> SeriesForecast:
    """The same of values at hand, oldest first. Unknown values at the beginning are left out; one in between counts
    as the mean of its neighbours. Months are told by the day, so that February is not taken for a fall."""
    known = _known(past)
    if not known:
        raise DataError(
            "No whole period is known.", where=f"the forecast of {metric}", next_step="Wait, or import more."
        )
    rhythm = _RHYTHMS[grain]
    days = np.array([period.days for period, _ in known], float) if grain is Grain.MONTH else np.ones(len(known))
    coming = _coming(known[-1][0], grain, periods_ahead)
    days_ahead = np.array([p.days for p in coming], float) if grain is Grain.MONTH else np.ones(len(coming))
    usual = float(days.mean())
    found = ahead(
        np.array([value for _, value in known]) / days * usual,
        steps=periods_ahead,
        season=rhythm.season,
        run_rate_length=rhythm.run_rate,
        counts=counts,
    )
    told = [Point(period=period, came=value) for period, value in known]
    told += _points(coming, found, days_ahead / usual)
    return SeriesForecast(
        metric=metric, grain=grain, as_of=as_of, points=tuple(told), method=found.method, tried=found.tried
    )


def _checked(metric: str, grain: Grain | str) -> Unit:
    if metric not in METRICS:
        raise DefinitionError("There is no such metric.", received=metric, allowed=METRICS)
    spec = METRICS[metric]
    if spec.additivity is not Additivity.ADDITIVE:
        raise DefinitionError(
            "Only what adds up over time is forecast as a series.",
            where=metric,
            next_step="Forecast its numerator and denominator.",
        )
    if grain not in tuple(_RHYTHMS):
        raise DefinitionError("There is no such rhythm.", received=str(grain), allowed=[g.value for g in _RHYTHMS])
    return spec.unit


def _known(past: Sequence[tuple[Period, float | None]]) -> list[tuple[Period, float]]:
    first = next((i for i, (_, value) in enumerate(past) if value is not None), len(past))
    rows = past[first:]
    if not rows:
        return []
    values = np.array([np.nan if v is None else v for _, v in rows], float)
    there = np.flatnonzero(~np.isnan(values))
    filled = np.interp(np.arange(len(values)), there, values[there])
    return [(period, float(value)) for (period, _), value in zip(rows, filled, strict=True)]


def _coming(last: Period, grain: Grain, count: int) -> list[Period]:
    found: list[Period] = []
    day: date = last.end
    for _ in range(count):
        found.append(Period.containing(day, grain))
        day = found[-1].end + timedelta(days=0)
    return found


def _points(coming: Sequence[Period], found: Ahead, scale: Floats) -> list[Point]:
    quantiles = {q: found.quantile(q) * scale for q in (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)}
    told = []
    for i, period in enumerate(coming):
        at = {q: float(values[i]) for q, values in quantiles.items()}
        bands = None
        if not np.isnan(at[0.5]) and not np.isnan(at[0.025]):
            bands = Bands(
                expected=float(found.value[i] * scale[i]),
                median=at[0.5],
                low_50=at[0.25],
                high_50=at[0.75],
                low_80=at[0.1],
                high_80=at[0.9],
                low_95=at[0.025],
                high_95=at[0.975],
            )
        told.append(
            Point(
                period=period,
                expected=float(found.value[i] * scale[i]),
                bands=bands,
                run_rate=float(found.run_rate[i] * scale[i]),
            )
        )
    return told
