"""Computing dashboards: all their metrics and periods are measured together, and once per dimension shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.kept import KeptRows
from rapport.engine.metrics.measure import Told
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.query import Only, Split
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
    boards: Sequence[Sequence[Tile]],
    question: Question,
    snapshot: Snapshot,
    *,
    runner: Runner,
    kept: KeptRows | None = None,
) -> list[Figures]:
    """The figures of each board (its tiles): value, comparison, 24 months, and parts where a tile asks for them.

    Parameters: kept, rows made before, as of the question's instant.
    """
    tiles = [tile for board in boards for tile in board]
    metrics = list(dict.fromkeys(tile.metric for tile in tiles))
    ask = _Asking(question=question, snapshot=snapshot, runner=runner, kept=kept)
    found = ask.measured(metrics, parts=ask.parts(tiles))
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
    kept: KeptRows | None

    def measured(self, metrics: Sequence[str], *, parts: Mapping[tuple[str, str], Sequence[Point]]) -> Measured:
        """The values over the period, with those compared, and by month, oldest first, up to the month of its end.

        All of them in one go, so that rows are read once.
        """
        period, compared = self.question.period, self.question.compared
        months = Period.last_months(SERIES_MONTHS, until=period.end - timedelta(days=1)).split(Grain.MONTH)
        asked = [*months, period, *([compared] if compared else [])]
        whole: dict[str, MetricValue] = {}
        series: dict[str, list[Point]] = {}
        for told, its in self._told(metrics, asked):
            for metric in its:
                before = told.value(metric, compared) if compared else None
                whole[metric] = told.value(metric, period).compared_with(before)
                values = (told.value(metric, month) for month in months)
                series[metric] = [Point(label=v.period.start.isoformat(), value=number(v)) for v in values]
        return Measured(whole=whole, series=series, parts=parts)

    def parts(self, tiles: Sequence[Tile]) -> dict[tuple[str, str], list[Point]]:
        """By each dimension that a tile asks for, largest first."""
        asked: dict[str, list[str]] = {}
        for tile in tiles:
            if tile.display == "bars":
                asked.setdefault(tile.by, []).append(tile.metric)
        found: dict[tuple[str, str], list[Point]] = {}
        for by, metrics in asked.items():
            for told, its in self._told(list(dict.fromkeys(metrics)), [self.question.period], by=(by,)):
                for metric in its:
                    values = (told.value(metric, self.question.period, group) for group in told.groups(metric))
                    points = [Point(label=value.dimensions.get(by), value=number(value)) for value in values]
                    found[(metric, by)] = _largest(points)
        return found

    def _told(
        self, metrics: Sequence[str], periods: Sequence[Period], *, by: tuple[str, ...] = ()
    ) -> Iterator[tuple[Told, list[str]]]:
        """Filters go to those metrics that know the dimension; the others stay whole."""
        for filters, group in _by_filters(metrics, self.question.filters).items():
            split = Split(by, tuple(Only(name, (value,)) for name, value in filters))
            told = Told(
                group,
                self.snapshot,
                periods=periods,
                as_of=self.question.as_of,
                runner=self.runner,
                split=split,
                kept=self.kept,
            )
            yield told, group


def _by_filters(metrics: Iterable[str], filters: Filters) -> dict[tuple[tuple[str, str], ...], list[str]]:
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for metric in metrics:
        known = tuple((name, value) for name, value in filters.items() if name in METRICS[metric].dimensions)
        groups.setdefault(known, []).append(metric)
    return groups


def _largest(points: Sequence[Point]) -> list[Point]:
    known = [p for p in points if p.value is not None]
    return sorted(known, key=lambda p: (-(p.value or 0), p.label or ""))[:_MOST_PARTS]
