"""Computing a dashboard: one measurement for all its tiles per period, one per dimension."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.value import MetricValue
from rapport.engine.runner import Runner
from rapport.workspace.metrics.figures import Figure, Figures, Point, number
from rapport.workspace.metrics.models import Tile

SERIES_MONTHS = 24
_MOST_PARTS = 12
Filters = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a dashboard: its tiles, a period, one to compare with, and dimension values to keep."""

    tiles: Sequence[Tile]
    period: Period
    compared: Period | None
    filters: Filters
    as_of: datetime


def computed(question: Question, snapshot: Snapshot, *, runner: Runner) -> Figures:
    """Every tile's value, its comparison, 24 months of it, and its parts where the tile asks for them."""
    metrics = list(dict.fromkeys(tile.metric for tile in question.tiles))
    now = _whole(_measured(metrics, question, snapshot, runner, period=question.period))
    before = (
        _whole(_measured(metrics, question, snapshot, runner, period=question.compared)) if question.compared else {}
    )
    series = _series(metrics, question, snapshot, runner)
    parts = _parts(question, snapshot, runner)
    through = [v.data_through for v in now.values() if v.data_through is not None]
    return Figures(
        first=question.period.start,
        end=question.period.end,
        computed_at=question.as_of,
        data_through=max(through, default=None),
        tiles=[
            _figure(
                tile,
                now.get(tile.metric),
                before.get(tile.metric),
                series=series.get(tile.metric, ()),
                parts=parts.get((tile.metric, tile.by), ()),
            )
            for tile in question.tiles
        ],
    )


def _figure(
    tile: Tile, now: MetricValue | None, before: MetricValue | None, *, series: Sequence[Point], parts: Sequence[Point]
) -> Figure:
    common = {"metric": tile.metric, "display": tile.display, "by": tile.by, "title": tile.title}
    if now is None:
        return Figure(**common, reason="The data at hand cannot answer.", series=series, parts=parts)  # type: ignore[arg-type]
    told = now.compared_with(before)
    return Figure(
        **common,  # type: ignore[arg-type]
        value=number(told),
        reason=told.reason,
        n=told.n,
        lower=told.lower,
        upper=told.upper,
        compared=number(before),
        change=told.change,
        difference=told.difference,
        flags=told.flags,
        series=series,
        parts=parts,
    )


def _measured(
    metrics: Sequence[str],
    question: Question,
    snapshot: Snapshot,
    runner: Runner,
    *,
    period: Period,
    by: Sequence[str] = (),
    grain: Grain | None = None,
) -> list[MetricValue]:
    """One measurement for all; filters go to those metrics that know the dimension, the others stay whole."""
    found: list[MetricValue] = []
    for filters, group in _by_filters(metrics, question.filters).items():
        found += measure(
            group,
            snapshot,
            period=period,
            as_of=question.as_of,
            runner=runner,
            by=by,
            grain=grain,
            filters=[Only(name, (value,)) for name, value in filters],
        )
    return found


def _by_filters(metrics: Iterable[str], filters: Filters) -> dict[tuple[tuple[str, str], ...], list[str]]:
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for metric in metrics:
        known = tuple((name, value) for name, value in filters.items() if name in METRICS[metric].dimensions)
        groups.setdefault(known, []).append(metric)
    return groups


def _whole(values: Iterable[MetricValue]) -> dict[str, MetricValue]:
    return {value.metric: value for value in values}


def _series(metrics: Sequence[str], question: Question, snapshot: Snapshot, runner: Runner) -> dict[str, list[Point]]:
    """By month, up to the month in which the period ends."""
    months = Period.last_months(SERIES_MONTHS, until=question.period.end - timedelta(days=1))
    found: dict[str, list[Point]] = {}
    for value in _measured(metrics, question, snapshot, runner, period=months, grain=Grain.MONTH):
        found.setdefault(value.metric, []).append(Point(label=value.period.start.isoformat(), value=number(value)))
    return {metric: sorted(points, key=lambda p: p.label or "") for metric, points in found.items()}


def _parts(question: Question, snapshot: Snapshot, runner: Runner) -> dict[tuple[str, str], list[Point]]:
    """By each dimension that a tile asks for, largest first."""
    asked: dict[str, list[str]] = {}
    for tile in question.tiles:
        if tile.display == "bars":
            asked.setdefault(tile.by, []).append(tile.metric)
    found: dict[tuple[str, str], list[Point]] = {}
    for by, metrics in asked.items():
        for value in _measured(metrics, question, snapshot, runner, period=question.period, by=(by,)):
            point = Point(label=value.dimensions.get(by), value=number(value))
            found.setdefault((value.metric, by), []).append(point)
    return {key: _largest(points) for key, points in found.items()}


def _largest(points: Sequence[Point]) -> list[Point]:
    known = [p for p in points if p.value is not None]
    return sorted(known, key=lambda p: (-(p.value or 0), p.label or ""))[:_MOST_PARTS]
