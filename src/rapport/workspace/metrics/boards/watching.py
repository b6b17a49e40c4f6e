"""Which metrics of a dashboard stand out: the newest whole month of each beside what its own history led to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rapport.engine.metrics.anomalies import Forecast, Outlook, forecast, outlooks
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric, TimeBasis
from rapport.workspace.metrics.dashboards import reporting_zone
from rapport.workspace.metrics.figures import Figure, Figures, Point

_LATE = timedelta(days=3)  # a month counts as told where data reach this close to its end


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A metric's month, or for a stock how it stands now, with what was expected of it."""

    month: Period
    is_now: bool
    outlook: Outlook


def watched(figures: Figures) -> dict[str, Watched]:
    """By metric, those with a year of history. Which stand out is chosen over all metrics of the dashboard together.

    Cohorts are left out: their newest months are not over, whatever the calendar says.
    """
    by_metric = {figure.metric: figure for figure in figures.tiles if figure.series}
    told: dict[str, tuple[Forecast, float]] = {}
    months: dict[str, tuple[Period, bool]] = {}
    for metric, figure in by_metric.items():
        spec = METRICS[metric]
        if spec.is_cohort or (found := _newest(figure, spec, figures)) is None:
            continue
        history, newest = found
        if newest.value is None or (expected := forecast(history, newest.value, unit=spec.unit)) is None:
            continue
        told[metric] = (expected, newest.value)
        months[metric] = (_month(newest), _is_stock(spec))
    return {
        metric: Watched(month=months[metric][0], is_now=months[metric][1], outlook=outlook)
        for metric, outlook in outlooks(told).items()
    }


def _newest(figure: Figure, spec: Metric, figures: Figures) -> tuple[list[float], Point] | None:
    """The values before the month looked at, without a gap, and that month."""
    points = list(figure.series)
    if not _is_stock(spec):
        points = [p for p in points if _is_told(_month(p), figures)]
    if not points:
        return None
    history = _without_gap(points[:-1])
    return history, points[-1]


def _without_gap(points: Sequence[Point]) -> list[float]:
    """The newest run of known months; the first month with data may have begun midway and is left out."""
    run: list[float] = []
    for point in points:
        if point.value is None:
            run = []
        else:
            run.append(point.value)
    return run[1:] if len(run) < len(points) else run


def _is_told(month: Period, figures: Figures) -> bool:
    """Whether the month is over in the period asked for, and data reach its end."""
    if month.end > figures.end:
        return False
    through = figures.data_through
    return through is None or month.end <= _day(through.astimezone(reporting_zone()).date()) + _LATE


def _day(last: date) -> date:
    return last + timedelta(days=1)


def _month(point: Point) -> Period:
    return Period.containing(date.fromisoformat(point.label or ""), Grain.MONTH)


def _is_stock(spec: Metric) -> bool:
    return spec.time_basis in (TimeBasis.SNAPSHOT, TimeBasis.ROLLING)
