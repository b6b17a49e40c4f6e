"""A tile's chart as a Vega-Lite spec, without colours: pages and pictures add their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.metrics.figures import Figure, Point
from rapport.workspace.pages.frame.wording import plain

_EXACT_FORMATS = {Unit.FRACTION: ".1%", Unit.RATE: "+.1%", Unit.AMOUNT: ",.2f"}
_FORMATS = {
    Unit.COUNT: ",.0f",
    Unit.FRACTION: ".0%",
    Unit.RATE: "+.0%",
    Unit.AMOUNT: ",.3~s",
    Unit.PER: ",.2~f",
    Unit.POINTS: ",.0f",
}
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A note on a day, as charts mark it: by its number in the list."""

    day: date
    number: int
    text: str


def chart_of(
    spec: Metric, figure: Figure, names: Mapping[str, str], marks: Sequence[Mark] = ()
) -> dict[str, Any] | None:
    """Bars by a dimension, a line over time with marked notes, or None where there is nothing to draw."""
    if figure.display == "line" and any(p.value is not None for p in figure.series):
        return _line(spec, _from_first(figure.series), marks)
    if figure.display == "bars" and figure.parts:
        return _bars(spec, figure, names)
    return None


def _from_first(series: Sequence[Point]) -> list[Point]:
    """Without the months before the first known value, which only press the rest together."""
    first = next((i for i, p in enumerate(series) if p.value not in (None, 0)), 0)
    return list(series[max(0, first - 1) :])


def _line(spec: Metric, series: Sequence[Point], marks: Sequence[Mark]) -> dict[str, Any]:
    """Over time; the newest month, which is not over, is drawn dotted."""
    rows = [{"month": _local(p.label), "value": p.value} for p in series]
    y = {"field": "value", "type": "quantitative", "title": None, "axis": {"format": _format(spec), "tickCount": 4}}
    x = {"field": "month", "type": "temporal", "title": None, "axis": {"format": "%b %y", "tickCount": 6}}
    told = [
        {"field": "month", "type": "temporal", "format": "%B %Y"},
        {"field": "value", "format": _format(spec, exact=True), "title": spec.name},
    ]
    both = {"x": x, "y": y}
    return {
        "$schema": _SCHEMA,
        "height": 190,
        "layer": [
            {"data": {"values": rows[:-1]}, "mark": {"type": "area", "opacity": 0.08}, "encoding": both},
            {"data": {"values": rows[:-1]}, "mark": {"type": "line"}, "encoding": both},
            *_across_gaps(rows[:-1], both),
            {"data": {"values": rows[-2:]}, "mark": {"type": "line", "strokeDash": [3, 3]}, "encoding": both},
            {
                "data": {"values": rows},
                "mark": {"type": "point", "filled": True, "size": 30},
                "encoding": {**both, "tooltip": told},
            },
            *_marked([m for m in marks if _within(m, series)]),
        ],
    }


def _across_gaps(rows: Sequence[Mapping[str, Any]], both: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A faint dotted line between known months where some between them are unknown, so that the eye finds the next."""
    known = [i for i, row in enumerate(rows) if row["value"] is not None]
    if len(known) < 2 or known[-1] - known[0] == len(known) - 1:
        return []
    mark = {"type": "line", "strokeDash": [1, 4], "strokeWidth": 1.5, "opacity": 0.7}
    return [{"data": {"values": [rows[i] for i in known]}, "mark": mark, "encoding": both}]


def _marked(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    """A dashed line on the day of each note, its number above."""
    if not marks:
        return []
    rows = [{"day": _local(m.day.isoformat()), "number": str(m.number), "note": m.text} for m in marks]
    x = {"field": "day", "type": "temporal"}
    told = [{"field": "day", "type": "temporal", "format": "%-d %B %Y", "title": "Day"}, {"field": "note"}]
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "strokeDash": [2, 2]},
            "encoding": {"x": x, "tooltip": told},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "text", "baseline": "bottom", "dy": -2, "fontSize": 11, "fontWeight": 600},
            "encoding": {"x": x, "y": {"value": 0}, "text": {"field": "number"}, "tooltip": told},
        },
    ]


def _within(mark: Mark, series: Sequence[Point]) -> bool:
    first, last = series[0].label, series[-1].label
    return (
        bool(first and last)
        and date.fromisoformat(first or "") <= mark.day
        and ((mark.day.year, mark.day.month) <= _month(last or ""))
    )


def _month(label: str) -> tuple[int, int]:
    day = date.fromisoformat(label)
    return day.year, day.month


def _local(label: str | None) -> str | None:
    """A day alone is taken for midnight in London, and so for the day before west of it."""
    return f"{label}T00:00:00" if label else None


def _bars(spec: Metric, figure: Figure, names: Mapping[str, str]) -> dict[str, Any]:
    rows = [{"part": names.get(p.label or "", "none"), "value": p.value} for p in figure.parts]
    part = {
        "field": "part",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": 150, "grid": False},
    }
    value = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "axis": {"format": _format(spec), "tickCount": 4, "grid": True},
    }
    told = [
        {"field": "part", "title": plain(figure.by)},
        {"field": "value", "format": _format(spec, exact=True), "title": spec.name},
    ]
    return {
        "$schema": _SCHEMA,
        "height": 40 + 22 * len(rows),
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {"y": part, "x": value, "tooltip": told},
    }


def _format(spec: Metric, *, exact: bool = False) -> str:
    if exact and spec.unit in _EXACT_FORMATS:
        return _EXACT_FORMATS[spec.unit]
    return _FORMATS.get(spec.unit, ",.1~f")
