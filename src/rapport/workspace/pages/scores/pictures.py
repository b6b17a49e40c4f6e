"""Charts of scores, as Vega-Lite; the page shows the same figures as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rapport.engine.scores.bands import band_of, micro
from rapport.engine.scores.definition import ScoreDefinition
from rapport.workspace.pages.frame.levels import level_of
from rapport.workspace.scores.overview import Bin

_LEVELS = ("#9b2c3b", "#944512", "#b98a1c", "#14808a", "#0e7f5c")  # read on light and on dark paper


def distribution_chart(bins: Sequence[Bin], definition: ScoreDefinition | None) -> dict[str, Any] | None:
    """Subjects by value, bars coloured by the band of their lower end; None for a definition that cannot be read."""
    if definition is None:
        return None
    bands = () if definition.banded_by_rank else definition.bands  # by rank, a value does not tell its band
    rows = [
        {
            "from": float(b.lower),
            "to": float(b.upper),
            "end": float(b.lower + (b.upper - b.lower) * Decimal("0.92")),  # a gap between the bars
            "subjects": b.count,
            "band": band_of(micro(b.lower), bands) or "all",
        }
        for b in bins
    ]
    labels = [band.label for band in bands] or ["all"]
    colours = [_LEVELS[level_of(label) - 1] for label in labels] if bands else ["#0f6b66"]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 220,
        "data": {"values": rows},
        "mark": {"type": "rect", "cornerRadius": 2},
        "encoding": {
            "x": {
                "field": "from",
                "type": "quantitative",
                "title": "score",
                "axis": {"tickCount": 5},
                "scale": {"nice": False},
            },
            "x2": {"field": "end"},
            "y": {"field": "subjects", "type": "quantitative", "title": None, "axis": {"tickCount": 4}},
            "y2": {"datum": 0},
            "color": {
                "field": "band",
                "type": "nominal",
                "scale": {"domain": labels, "range": colours},
                "legend": {"title": None, "orient": "top", "symbolType": "square"} if bands else None,
            },
            "tooltip": [
                {"field": "from", "title": "from", "format": ".4~g"},
                {"field": "to", "title": "below", "format": ".4~g"},
                {"field": "subjects", "title": "subjects", "format": ",d"},
                {"field": "band"},
            ],
        },
    }


def decile_chart(report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Share with the outcome by tenth of the score, with intervals, and the average as a line; None without cases."""
    deciles = (report.get("score") or {}).get("deciles") or ()
    if not deciles:
        return None
    rows = [{"tenth": d["decile"], **d["conversion"], "lift": d["lift"]} for d in deciles]
    average = (report.get("conversion") or {}).get("rate")
    x = {"field": "tenth", "type": "ordinal", "title": "tenth of the score, best first", "axis": {"labelAngle": 0}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "height": 220,
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "x": x,
                    "y": {
                        "field": "rate",
                        "type": "quantitative",
                        "title": None,
                        "axis": {"format": ".0%", "tickCount": 4},
                    },
                    "tooltip": [
                        {"field": "tenth"},
                        {"field": "rate", "title": "converted", "format": ".1%"},
                        {"field": "lift", "format": ".2f"},
                    ],
                },
            },
            {
                "mark": {"type": "rule", "strokeWidth": 1.5, "color": "#8b9894"},
                "encoding": {"x": x, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "rule", "strokeDash": [4, 3]},
                "data": {"values": [{"average": average}]},
                "encoding": {"y": {"field": "average", "type": "quantitative"}},
            },
        ],
    }
