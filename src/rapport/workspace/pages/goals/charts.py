"""Charts of goals as Vega-Lite specs: where it was, should be, and may go; and the months before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.metrics.goals.models import GoalReading

Points = Sequence[tuple[str, float]]

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_FORMATS = {Unit.COUNT: ",.0f", Unit.AMOUNT: ",.3~s", Unit.PER: ",.2f"}
_X = {"field": "day", "type": "temporal", "title": None, "scale": {"type": "utc"}, "axis": {"tickCount": 6}}


def course_chart(
    spec: Metric, *, actual: Points, pace: Points, reading: GoalReading | None, target: float, last: date
) -> dict[str, Any]:
    """The value so far (solid), where it should be (dotted), the target (a rule) and where it may end: the likeliest
    (dashed) within what 80 % of futures stay in (a band)."""
    y = _y(spec)
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": [{"target": target}]},
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {"y": {**y, "field": "target"}},
        },
        {
            "data": {"values": [{"target": target, "said": "target"}]},
            "mark": {"type": "text", "align": "left", "dx": 4, "dy": 8},
            "encoding": {"x": {"value": 0}, "y": {**y, "field": "target"}, "text": {"field": "said"}},
        },
    ]
    if reading is not None and reading.likely is not None and actual:
        layers += _ahead(reading, actual[-1], last, y)
    if pace:
        layers.append(_line(pace, "should be", y, mark={"strokeDash": [2, 3], "strokeWidth": 1.5, "opacity": 0.7}))
    if actual:
        layers.append(_line(actual, "so far", y, mark={"strokeWidth": 2.5}))
        layers.append({**_line(actual, "so far", y), "mark": {"type": "point", "filled": True, "size": 26}})
    return {"$schema": _SCHEMA, "height": 240, "layer": layers}


def months_chart(spec: Metric, months: Points, *, target: float | None = None) -> dict[str, Any] | None:
    """The metric's months, and a rule at a target comparable with them."""
    if len(months) < 2:
        return None
    y = _y(spec)
    layers = [_line(months, spec.name, y), {**_line(months, spec.name, y)}]
    layers[1]["mark"] = {"type": "point", "filled": True, "size": 22}
    if target is not None:
        rule = {"data": {"values": [{"target": target}]}, "mark": {"type": "rule", "strokeDash": [4, 3]}}
        layers.append({**rule, "encoding": {"y": {**y, "field": "target"}}})
    return {"$schema": _SCHEMA, "height": 150, "layer": layers}


def _ahead(reading: GoalReading, now: tuple[str, float], last: date, y: dict[str, Any]) -> list[dict[str, Any]]:
    start = {"day": now[0], "value": now[1], "lower": now[1], "upper": now[1]}
    end = {"day": last.isoformat(), "value": reading.likely, "lower": reading.lower, "upper": reading.upper}
    data = {"values": [start, end]}
    return [
        {
            "data": data,
            "mark": {"type": "area", "opacity": 0.16},
            "encoding": {"x": _X, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}},
        },
        {
            "data": data,
            "mark": {"type": "line", "strokeDash": [6, 3], "strokeWidth": 1.5},
            "encoding": {"x": _X, "y": {**y, "field": "value"}},
        },
    ]


def _line(points: Points, name: str, y: dict[str, Any], *, mark: dict[str, Any] | None = None) -> dict[str, Any]:
    told = [
        {"field": "day", "type": "temporal", "format": "%-d %B %Y", "title": "Before"},
        {"field": "value", "format": y["axis"]["format"], "title": name},
    ]
    return {
        "data": {"values": [{"day": day, "value": value} for day, value in points]},
        "mark": {"type": "line", **(mark or {})},
        "encoding": {"x": _X, "y": {**y, "field": "value"}, "tooltip": told},
    }


def _y(spec: Metric) -> dict[str, Any]:
    form = ".0%" if spec.unit in (Unit.FRACTION, Unit.RATE) else _FORMATS.get(spec.unit, ",.1f")
    return {"type": "quantitative", "title": None, "axis": {"format": form, "tickCount": 5}}
