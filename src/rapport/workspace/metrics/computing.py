"""Computing dashboards: all their metrics are measured together, once per period and once per dimension."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.measure import Compare, measure
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
    """What is asked: a period, one to compare with, dimension values to keep, and as of when it is known."""

    period: Period
    compared: Period | None
    filters: Filters
    as_of: datetime


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Values by metric, by month, and by (metric, dimension)."""

    whole: Mapping[str, MetricValue]
    series: Mapping[str, Sequence[Point]]
    parts: Mapping[tuple[str, str], Sequence[Point]]


def computed(
    boards: Sequence[Sequence[Tile]], question: Question, snapshot: Snapshot, *, runner: Runner
) -> list[Figures]:
    """The figures of each board (its tiles): value, comparison, 24 months, and parts where a tile asks for them."""
    tiles = [tile for board in boards for tile in board]
    metrics = list(dict.fromkeys(tile.metric for tile in tiles))
    ask = _Asking(question=question, snapshot=snapshot, runner=runner)
    found = Measured(whole=ask.whole(metrics), series=ask.series(metrics), parts=ask.parts(tiles))
    return [_figures(board, question, found) for board in boards]


def _figures(board: Sequence[Tile], question: Question, found: Measured) -> Figures:
    through = [found.whole[tile.metric].data_through for tile in board]
    return Figures(
        first=question.period.start,
        end=question.period.end,
        computed_at=question.as_of,
        data_through=max((at for at in through if at is not None), default=None),
        tiles=tuple(
            _figure(
                tile,
                found.whole[tile.metric],
                series=found.series.get(tile.metric, ()),
                parts=found.parts.get((tile.metric, tile.by), ()),
            )
            for tile in board
        ),
    )


def _figure(tile: Tile, value: MetricValue, *, series: Sequence[Point], parts: Sequence[Point]) -> Figure:
    return Figure(
        metric=tile.metric,
        display=tile.display,
        by=tile.by,
        title=tile.title,
        value=number(value),
        reason=value.reason,
        n=value.n,
        lower=value.lower,
        upper=value.upper,
        compared=number(value.compared),
        change=value.change,
        difference=value.difference,
        flags=value.flags,
        series=tuple(series),
        parts=tuple(parts),
    )


@dataclass(frozen=True, kw_only=True)
class _Asking:
    question: Question
    snapshot: Snapshot
    runner: Runner

    def whole(self, metrics: Sequence[str]) -> dict[str, MetricValue]:
        """The values over the period, with those compared."""
        period, compared = self.question.period, self.question.compared
        if compared is None:
            return _by_metric(self._measured(metrics, period))
        ordinary = {period.previous(): Compare.PREVIOUS, period.last_year(): Compare.LAST_YEAR}
        if compared in ordinary:
            return _by_metric(self._measured(metrics, period, compare=ordinary[compared]))
        before = _by_metric(self._measured(metrics, compared))
        now = _by_metric(self._measured(metrics, period))
        return {metric: value.compared_with(before.get(metric)) for metric, value in now.items()}

    def series(self, metrics: Sequence[str]) -> dict[str, list[Point]]:
        """By month, oldest first, up to the month in which the period ends."""
        months = Period.last_months(SERIES_MONTHS, until=self.question.period.end - timedelta(days=1))
        found: dict[str, list[Point]] = {}
        for value in self._measured(metrics, months, grain=Grain.MONTH):
            found.setdefault(value.metric, []).append(Point(label=value.period.start.isoformat(), value=number(value)))
        return found

    def parts(self, tiles: Sequence[Tile]) -> dict[tuple[str, str], list[Point]]:
        """By each dimension that a tile asks for, largest first."""
        asked: dict[str, list[str]] = {}
        for tile in tiles:
            if tile.by:
                asked.setdefault(tile.by, []).append(tile.metric)
        found: dict[tuple[str, str], list[Point]] = {}
        for by, metrics in asked.items():
            for value in self._measured(list(dict.fromkeys(metrics)), self.question.period, by=(by,)):
                point = Point(label=value.dimensions.get(by), value=number(value))
                found.setdefault((value.metric, by), []).append(point)
        return {key: _largest(points) for key, points in found.items()}

    def _measured(
        self,
        metrics: Sequence[str],
        period: Period,
        *,
        by: Sequence[str] = (),
        grain: Grain | None = None,
        compare: Compare | None = None,
    ) -> list[MetricValue]:
        """Filters go to those metrics that know the dimension; the others stay whole."""
        found: list[MetricValue] = []
        for filters, group in _by_filters(metrics, self.question.filters).items():
            found += measure(
                group,
                self.snapshot,
                period=period,
                as_of=self.question.as_of,
                runner=self.runner,
                by=by,
                grain=grain,
                filters=[Only(name, (value,)) for name, value in filters],
                compare=compare,
            )
        return found


def _by_filters(metrics: Iterable[str], filters: Filters) -> dict[tuple[tuple[str, str], ...], list[str]]:
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for metric in metrics:
        known = tuple((name, value) for name, value in filters.items() if name in METRICS[metric].dimensions)
        groups.setdefault(known, []).append(metric)
    return groups


def _by_metric(values: Iterable[MetricValue]) -> dict[str, MetricValue]:
    return {value.metric: value for value in values}


def _largest(points: Sequence[Point]) -> list[Point]:
    known = [p for p in points if p.value is not None]
    return sorted(known, key=lambda p: (-(p.value or 0), p.label or ""))[:_MOST_PARTS]
