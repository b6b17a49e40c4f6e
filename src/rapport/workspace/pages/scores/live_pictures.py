"""Charts of what a score does while it lives, as Vega-Lite; the pages show the same figures as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rapport.workspace.pages.frame.wording import number

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_THEN, _NOW = "#8b9894", "#0f6b66"
_FEW = 2  # looks; fewer make no line


def drift_chart(drift: Mapping[str, Any]) -> dict[str, Any]:
    """Shares by bin when published and now, side by side."""
    rows = []
    for place, one in enumerate(drift["bins"]):
        for when, share in (("when published", one["then"]), ("now", one["now"])):
            rows.append({"bin": _bin(one), "place": place, "when": when, "share": share})
    return {
        "$schema": _SCHEMA,
        "height": 200,
        "data": {"values": rows},
        "mark": {"type": "bar", "cornerRadius": 2},
        "encoding": {
            "x": {
                "field": "bin",
                "type": "ordinal",
                "title": None,
                "sort": {"field": "place"},
                "axis": {"labelAngle": -30, "labelOverlap": True},
            },
            "xOffset": {"field": "when", "sort": ["when published", "now"]},
            "y": {"field": "share", "type": "quantitative", "title": None, "axis": {"format": ".0%", "tickCount": 4}},
            "color": {
                "field": "when",
                "type": "nominal",
                "scale": {"domain": ["when published", "now"], "range": [_THEN, _NOW]},
                "legend": {"title": None, "orient": "top", "symbolType": "square"},
            },
            "tooltip": [{"field": "bin"}, {"field": "when"}, {"field": "share", "format": ".1%"}],
        },
    }


def watch_chart(looks: Sequence[tuple[datetime, float | None, float | None]]) -> dict[str, Any] | None:
    """AUC and PSI from look to look; None for fewer than two."""
    rows = [
        {"at": at.isoformat(), "figure": figure, "value": value}
        for at, auc, psi in looks
        for figure, value in (("AUC since", auc), ("PSI of the score", psi))
        if value is not None
    ]
    if len({row["at"] for row in rows}) < _FEW:
        return None
    return {
        "$schema": _SCHEMA,
        "height": 180,
        "data": {"values": rows},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "at", "type": "temporal", "title": None},
            "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"tickCount": 4}},
            "color": {
                "field": "figure",
                "type": "nominal",
                "scale": {"range": [_NOW, "#944512"]},
                "legend": {"title": None, "orient": "top"},
            },
            "tooltip": [{"field": "at", "type": "temporal"}, {"field": "figure"}, {"field": "value", "format": ".3f"}],
        },
    }


def effects_chart(effects: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The difference of each arm with its interval, in percentage points; None where none is known."""
    rows = [
        {"arm": e["arm"], **{k: 100 * e["difference"][k] for k in ("value", "low", "high")}}
        for e in effects
        if e.get("difference")
    ]
    if not rows:
        return None
    x = {"type": "quantitative", "title": "percentage points more that converted"}
    return {
        "$schema": _SCHEMA,
        "height": 60 + 30 * len(rows),
        "data": {"values": rows},
        "encoding": {"y": {"field": "arm", "type": "nominal", "title": None}},
        "layer": [
            {"mark": {"type": "rule", "strokeDash": [4, 3]}, "encoding": {"x": {"datum": 0, **x}, "y": {}}},
            {
                "mark": {"type": "rule", "strokeWidth": 2, "color": _NOW},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": _NOW},
                "encoding": {
                    "x": {"field": "value", **x},
                    "tooltip": [{"field": k, "format": "+.2f"} for k in ("value", "low", "high")],
                },
            },
        ],
    }


def _bin(one: Mapping[str, Any]) -> str:
    lower, upper = one["lower"], one["upper"]
    if lower is None and upper is None:
        return "all"
    if lower is None:
        return f"below {number(upper)}"
    return f"from {number(lower)}" if upper is None else f"{number(lower)} to {number(upper)}"
