"""Charts of segments, as Vega-Lite; the pages show the same figures as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rapport.workspace.metrics.segments.models import SegmentBuild


def size_chart(builds: Sequence[SegmentBuild]) -> dict[str, Any]:
    """Members over time: from each build on, until the next."""
    rows = [{"at": b.as_of.isoformat(), "members": b.size} for b in builds if b.size is not None]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 200,
        "data": {"values": rows},
        "mark": {"type": "line", "interpolate": "step-after", "point": len(rows) < 40},
        "encoding": {
            "x": {"field": "at", "type": "temporal", "title": None, "axis": {"format": "%b %y", "tickCount": 6}},
            "y": {
                "field": "members",
                "type": "quantitative",
                "title": None,
                "axis": {"tickCount": 4, "format": ",d"},
                "scale": {"zero": True},
            },
            "tooltip": [
                {"field": "at", "type": "temporal", "title": "as of", "format": "%Y-%m-%d %H:%M"},
                {"field": "members", "format": ",d"},
            ],
        },
    }


def metric_chart(rows: Sequence[tuple[str, float | None]], everybody: float | None, title: str) -> dict[str, Any]:
    """A metric by segment as bars, everybody's as a line: segments overlap, so bars are never stacked."""
    values = [{"segment": name, "value": value} for name, value in rows if value is not None]
    bars: dict[str, Any] = {
        "mark": {"type": "bar"},
        "encoding": {
            "y": {"field": "segment", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 180}},
            "x": {"field": "value", "type": "quantitative", "title": title, "axis": {"tickCount": 4}},
            "tooltip": [{"field": "segment"}, {"field": "value", "format": ",.4~g"}],
        },
    }
    layers = [bars]
    if everybody is not None:
        layers.append(
            {"mark": {"type": "rule", "strokeDash": [4, 3], "aria": False}, "encoding": {"x": {"datum": everybody}}}
        )
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": max(120, 26 * len(values)),
        "data": {"values": values},
        "layer": layers if values else [bars],
    }
