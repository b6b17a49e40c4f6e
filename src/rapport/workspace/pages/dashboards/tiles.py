"""Figures as a page shows them: words, colours and charts made from plain numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.figures import Figure, Figures, Point
from rapport.workspace.metrics.names import names_of
from rapport.workspace.pages.dashboards.asking import with_filter
from rapport.workspace.pages.dashboards.units import in_full, in_short
from rapport.workspace.pages.frame.wording import plain

_EXACT_FORMATS = {Unit.FRACTION: ".1%", Unit.RATE: "+.1%", Unit.AMOUNT: ",.2f"}
_FORMATS = {Unit.COUNT: ",.0f", Unit.FRACTION: ".0%", Unit.RATE: "+.0%", Unit.AMOUNT: ",.3~s", Unit.PER: ",.2f"}


@dataclass(frozen=True, kw_only=True)
class ShownPoint:
    """A month or a part: its label, the value as text, and where a part leads."""

    label: str
    value: str
    query: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A metric as shown. difference: relative (as_percent), or in points for fractions and points."""

    spec: Metric
    figure: Figure
    label: str
    value: str
    exact: str
    interval: str
    difference: float | None
    as_percent: bool
    compared: str
    series: Sequence[float | None]
    chart: dict[str, Any] | None
    points: Sequence[ShownPoint]
    flags: Sequence[str]

    @property
    def has_chart(self) -> bool:
        return self.figure.display != "value"

    @property
    def is_table(self) -> bool:
        return self.figure.display == "table"

    @property
    def is_drawn(self) -> bool:
        return self.chart is not None and len(self.points) > 1


@dataclass(frozen=True, kw_only=True)
class Board:
    """A dashboard as shown: tiles, charts, and the metrics that the data at hand cannot tell.

    flags: those that most tiles carry, said once.
    """

    figures: Figures
    flags: Sequence[str]
    tiles: Sequence[Shown]
    charts: Sequence[Shown]
    unknown: Sequence[Shown]


def board(figures: Figures, asked: Asked, *, keeps_empty: bool = False) -> Board:
    """A metric without any value, now or in the past, is listed with its reason rather than drawn.

    keeps_empty: whether charts with nothing to draw stay, as on a dashboard whose owner asked for each.
    """
    shown = [show(figure, asked) for figure in figures.tiles]
    known = [s for s in shown if _is_known(s.figure)]
    unknown = {s.spec.id: s for s in shown if not _is_known(s.figure)}
    tiles = [s for s in known if not s.has_chart]
    counted = Counter(flag for s in tiles for flag in s.figure.flags)
    common = {flag for flag, count in counted.items() if 2 * count > len(tiles)}
    return Board(
        figures=figures,
        flags=sorted(common),
        tiles=[replace(s, flags=[f for f in s.figure.flags if f not in common]) for s in tiles],
        charts=[s for s in known if s.has_chart and (keeps_empty or s.is_drawn or s.is_table)],
        unknown=list(unknown.values()),
    )


def show(figure: Figure, asked: Asked) -> Shown:
    spec = METRICS[figure.metric]
    relative = not (spec.unit.is_percent or spec.unit is Unit.POINTS)
    comparable = "immature" not in figure.flags  # a cohort whose window is open compares with none that is over
    return Shown(
        spec=spec,
        figure=figure,
        label=figure.title or spec.name,
        value=in_short(spec, figure.value),
        exact=in_full(spec, figure.value),
        interval=_interval(spec, figure),
        difference=_difference(spec, figure) if comparable else None,
        as_percent=relative,
        compared=in_full(spec, figure.compared),
        series=[point.value for point in figure.series],
        chart=_chart(spec, figure),
        points=_points(spec, figure, asked),
        flags=figure.flags,
    )


def _difference(spec: Metric, figure: Figure) -> float | None:
    """Relative; of a fraction in percentage points, of points as they are."""
    if spec.unit.is_percent:
        return None if figure.difference is None else round(100 * figure.difference, 2)
    return figure.difference if spec.unit is Unit.POINTS else figure.change


def _is_known(figure: Figure) -> bool:
    return figure.value is not None or any(p.value is not None for p in (*figure.series, *figure.parts))


def _interval(spec: Metric, figure: Figure) -> str:
    if figure.lower is None or figure.upper is None:
        return ""
    return f"{in_full(spec, figure.lower)} to {in_full(spec, figure.upper)}"


def _points(spec: Metric, figure: Figure, asked: Asked) -> list[ShownPoint]:
    if figure.by:
        names = _names(figure)
        return [
            ShownPoint(
                label=names.get(p.label or "", "none"),
                value=in_full(spec, p.value),
                query=with_filter(asked, figure.by, p.label) if p.label else "",
            )
            for p in figure.parts
        ]
    return [ShownPoint(label=_month(p.label), value=in_full(spec, p.value)) for p in figure.series]


def _names(figure: Figure) -> dict[str, str]:
    return names_of(figure.by, [p.label for p in figure.parts if p.label])


def _month(label: str | None) -> str:
    return f"{date.fromisoformat(label):%B %Y}" if label else ""


def _chart(spec: Metric, figure: Figure) -> dict[str, Any] | None:
    if figure.display == "line" and any(p.value is not None for p in figure.series):
        return _line(spec, _from_first(figure.series))
    if figure.display == "bars" and figure.parts:
        return _bars(spec, figure, _names(figure))
    return None


def _from_first(series: Sequence[Point]) -> list[Point]:
    """Without the months before the first known value, which only press the rest together."""
    first = next((i for i, p in enumerate(series) if p.value not in (None, 0)), 0)
    return list(series[max(0, first - 1) :])


def _line(spec: Metric, series: Sequence[Point]) -> dict[str, Any]:
    """Over time; the newest month, which is not over, is drawn dotted."""
    rows = [{"month": p.label, "value": p.value} for p in series]
    y = {"field": "value", "type": "quantitative", "title": None, "axis": {"format": _format(spec), "tickCount": 4}}
    x = {"field": "month", "type": "temporal", "title": None, "axis": {"format": "%b %y", "tickCount": 6}}
    told = [
        {"field": "month", "type": "temporal", "format": "%B %Y"},
        {"field": "value", "format": _format(spec, exact=True), "title": spec.name},
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 190,
        "layer": [
            {"data": {"values": rows[:-1]}, "mark": {"type": "area", "opacity": 0.08}, "encoding": {"x": x, "y": y}},
            {"data": {"values": rows[:-1]}, "mark": {"type": "line"}, "encoding": {"x": x, "y": y}},
            {
                "data": {"values": rows[-2:]},
                "mark": {"type": "line", "strokeDash": [3, 3]},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "point", "filled": True, "size": 30},
                "encoding": {"x": x, "y": y, "tooltip": told},
            },
        ],
    }


def _bars(spec: Metric, figure: Figure, names: dict[str, str]) -> dict[str, Any]:
    rows = [{"part": names.get(p.label or "", "none"), "value": p.value} for p in figure.parts]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 40 + 22 * len(rows),
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {
                "field": "part",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelLimit": 150, "grid": False},
            },
            "x": {
                "field": "value",
                "type": "quantitative",
                "title": None,
                "axis": {"format": _format(spec), "tickCount": 4, "grid": True},
            },
            "tooltip": [
                {"field": "part", "title": plain(figure.by)},
                {"field": "value", "format": _format(spec, exact=True), "title": spec.name},
            ],
        },
    }


def _format(spec: Metric, *, exact: bool = False) -> str:
    if exact and spec.unit in _EXACT_FORMATS:
        return _EXACT_FORMATS[spec.unit]
    return _FORMATS.get(spec.unit, ",.1f")
