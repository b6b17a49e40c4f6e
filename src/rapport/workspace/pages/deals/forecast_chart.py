"""The fan of a forecast: what was won so far, what is expected, and the bands around it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rapport.engine.forecasting.pipeline.told import PipelineForecast, Step
from rapport.workspace.metrics.dashboards import reporting_zone

_SHADES = ((95, 0.12), (80, 0.16), (50, 0.22))  # widest first; they lie over one another


def fan(found: PipelineForecast) -> dict[str, Any]:
    """Vega-Lite: money by day, the run rate as a dotted line from now to the end of the period.

    Marks are hidden from screen readers: the chart is one image, and its figures stand in the table behind it.
    """
    past = [step for step in found.path if step.at <= found.as_of]
    ahead = [*past[-1:], *(step for step in found.path if step.at > found.as_of)]
    x = {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%-d %b", "tickCount": 6, "grid": False}}
    y = {"field": "value", "type": "quantitative", "title": None, "axis": {"format": ",.3~s", "tickCount": 5}}
    layers = [_band(ahead, share, shade, x) for share, shade in _SHADES]
    if len(past) > 1:
        layers.append(_line([_row(step) for step in past], x, y, dash=[]))
    layers.append(_line([_row(step) for step in ahead], x, y, dash=[5, 3]))
    layers.append(_run_rate(found, past[-1:], x, y))
    layers.append(_dots([_row(step) for step in found.path], x, y))
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "height": 260, "layer": layers}


def _day(step: Step) -> str:
    """The local day that the instant ends: midnight belongs to the day before."""
    return (step.at.astimezone(reporting_zone()) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S")


def _row(step: Step) -> dict[str, Any]:
    low, high = step.total.band(80)
    return {"day": _day(step), "value": step.total.expected, "low": low, "high": high}


def _band(steps: list[Step], share: int, shade: float, x: dict[str, Any]) -> dict[str, Any]:
    rows = [{"day": _day(s), "low": s.total.band(share)[0], "high": s.total.band(share)[1]} for s in steps]
    y = {"field": "low", "type": "quantitative", "title": None, "axis": {"format": ",.3~s", "tickCount": 5}}
    return {
        "data": {"values": rows},
        "mark": {"type": "area", "opacity": shade, "aria": False},
        "encoding": {"x": x, "y": y, "y2": {"field": "high"}},
    }


def _line(rows: list[dict[str, Any]], x: dict[str, Any], y: dict[str, Any], *, dash: list[int]) -> dict[str, Any]:
    mark = {"type": "line", "aria": False, **({"strokeDash": dash} if dash else {})}
    return {"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": y}}


def _run_rate(found: PipelineForecast, last: list[Step], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    start = _row(last[0]) if last else {"day": _day(found.path[0]), "value": 0.0}
    end = {"day": _day(found.path[-1]), "value": found.whole.run_rate}
    colour = {"datum": "Run rate", "type": "nominal", "legend": None, "scale": {"range": ["#e8890c"]}}
    return {
        "data": {"values": [{"day": start["day"], "value": start["value"]}, end]},
        "mark": {"type": "line", "strokeDash": [2, 3], "aria": False},
        "encoding": {"x": x, "y": y, "color": colour},
    }


def _dots(rows: list[dict[str, Any]], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    told = [
        {"field": "day", "type": "temporal", "format": "%-d %B", "title": "Until"},
        {"field": "value", "format": ",.0f", "title": "Won by then, expected"},
        {"field": "low", "format": ",.0f", "title": "80 % band from"},
        {"field": "high", "format": ",.0f", "title": "to"},
    ]
    mark = {"type": "point", "filled": True, "size": 34, "aria": False}
    return {"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": y, "tooltip": told}}
