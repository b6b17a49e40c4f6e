"""Charts of a backtest as SVG, drawn from Vega-Lite specifications without a browser.

Colours are CSS variables (`--rapport-ink`, ...) with a fallback, so that one drawing serves light and dark pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert as vlc

from rapport.engine.evaluation.report import BacktestReport, BandConversion, Performance
from rapport.engine.statistics.wilson import Share

# what Vega draws with, and what the page shows: (placeholder, variable, fallback)
_COLOURS = (
    ("#010101", "--rapport-ink", "#1f2937"),
    ("#020202", "--rapport-muted", "#6b7280"),
    ("#030303", "--rapport-grid", "#e5e7eb"),
    ("#040404", "--rapport-main", "#1d6fb8"),
    ("#050505", "--rapport-other", "#b45309"),
)
_INK, _MUTED, _GRID, _MAIN, _OTHER = (placeholder for placeholder, _, _ in _COLOURS)
_WIDTH, _HEIGHT = 360, 220
_TITLES = {"score": "This score", "live": "Live version", "naive_bayes": "Naive Bayes", "constant": "No score"}

_ALT = {
    "deciles": "Share with the outcome in each tenth of the cases, with intervals; the table has the figures",
    "gains": "Share of all outcomes reached by share of the cases worked, for each score; the table has the figures",
    "bands": "Share with the outcome in each band, with intervals; the table has the figures",
    "cut_offs": "AUC of each cut-off with interval; the table has the figures",
}

Spec = dict[str, Any]


def charts(report: BacktestReport) -> Mapping[str, str]:
    """SVG by name: `deciles`, `gains`, `bands`, `cut_offs`; only those for which there are figures."""
    specs: dict[str, Spec | None] = {
        "deciles": _deciles(report),
        "gains": _gains(report),
        "bands": _bands(report.bands),
        "cut_offs": _cut_offs(report),
    }
    return {name: _svg(spec, _ALT[name]) for name, spec in specs.items() if spec is not None}


def title_of(performance: Performance) -> str:
    """What a score is called in tables and legends."""
    return _TITLES[performance.name]


def _deciles(report: BacktestReport) -> Spec | None:
    """Conversion of each tenth, with interval, and the rate of all as a line."""
    rows = [{"tenth": str(d.decile), **_interval(d.conversion)} for d in report.score.deciles]
    average = report.conversion.rate
    if not rows or average is None:
        return None
    x = {
        "field": "tenth",
        "type": "ordinal",
        "title": "Tenth of the cases, best first",
        "sort": None,
        "axis": {"labelAngle": 0},
    }
    line: Spec = {
        "data": {"values": [{"average": average}]},
        "mark": {"type": "rule", "color": _INK, "strokeDash": [4, 3]},
        "encoding": {"y": {"field": "average", "type": "quantitative"}},
    }
    return _chart(rows, [*_bars_with_intervals(x), line])


def _bands(bands: Sequence[BandConversion]) -> Spec | None:
    rows = [{"band": b.band, **_interval(b.conversion)} for b in bands if b.conversion.n]
    if not rows:
        return None
    return _chart(
        rows,
        _bars_with_intervals(
            {"field": "band", "type": "nominal", "title": "Band", "sort": None, "axis": {"labelAngle": 0}}
        ),
    )


def _gains(report: BacktestReport) -> Spec | None:
    """Share of all events reached by working the best share of the cases."""
    shown = [p for p in (report.score, *report.baselines) if p.deciles and p.deciles[-1].captured is not None]
    if not shown:
        return None
    rows = [
        {"worked": d.decile / 10, "captured": d.captured, "score": title_of(p)} for p in shown for d in p.deciles
    ] + [{"worked": 0, "captured": 0, "score": title_of(p)} for p in shown]
    colours = {"score": _MAIN, "live": _INK, "naive_bayes": _OTHER, "constant": _MUTED}
    scale = {"domain": [title_of(p) for p in shown], "range": [colours[p.name] for p in shown]}
    dashes = {"domain": scale["domain"], "range": [[1, 0] if p.name == "score" else [5, 3] for p in shown]}
    layer: Spec = {
        "mark": {"type": "line", "point": {"size": 18}},
        "encoding": {
            "x": _share_axis("worked", "Share of the cases worked, best first"),
            "y": _share_axis("captured", "Share of all outcomes reached"),
            "color": {"field": "score", "type": "nominal", "scale": scale, "title": None},
            "strokeDash": {"field": "score", "type": "nominal", "scale": dashes, "title": None},
        },
    }
    return _chart(rows, [layer])


def _cut_offs(report: BacktestReport) -> Spec | None:
    """AUC of each cut-off with interval; half means no better than chance."""
    rows = [
        {"day": report.day(c.as_of), "rate": c.auc.value, "low": c.auc.low, "high": c.auc.high}
        for c in report.cut_offs
        if c.auc.value is not None
    ]
    if not rows:
        return None
    x = {"field": "day", "type": "ordinal", "title": "Cut-off", "axis": {"labelAngle": -35}}
    y = {"type": "quantitative", "title": "AUC", "scale": {"domain": [0, 1]}}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": _MUTED},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "color": _MAIN, "size": 50},
            "encoding": {"x": x, "y": {**y, "field": "rate"}},
        },
        {
            "data": {"values": [{"chance": 0.5}]},
            "mark": {"type": "rule", "color": _INK, "strokeDash": [4, 3]},
            "encoding": {"y": {"field": "chance", "type": "quantitative"}},
        },
    ]
    return _chart(rows, layers)


def _bars_with_intervals(x: Spec) -> list[Spec]:
    y = {"type": "quantitative", "title": "Had the outcome", "axis": {"format": "%"}}
    return [
        {"mark": {"type": "bar", "color": _MAIN}, "encoding": {"x": x, "y": {**y, "field": "rate"}}},
        {
            "mark": {"type": "rule", "color": _INK, "strokeWidth": 1.2},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
    ]


def _share_axis(name: str, title: str) -> Spec:
    axis = {"format": "%", "tickCount": 5}
    return {"field": name, "type": "quantitative", "title": title, "axis": axis, "scale": {"domain": [0, 1]}}


def _interval(share: Share) -> dict[str, float | None]:
    return {"rate": share.rate, "low": share.low, "high": share.high}


def _chart(rows: Sequence[Mapping[str, object]], layers: Sequence[Spec]) -> Spec:
    axis = {"labelColor": _MUTED, "titleColor": _INK, "gridColor": _GRID, "domainColor": _MUTED, "tickColor": _MUTED}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": _WIDTH,
        "height": _HEIGHT,
        "background": None,
        "data": {"values": list(rows)},
        "layer": list(layers),
        "config": {
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": {**axis, "titleFontWeight": "normal"},
            "legend": {"labelColor": _INK, "orient": "bottom", "symbolStrokeColor": _MUTED},
        },
    }


def _svg(spec: Spec, alternative: str) -> str:
    """The drawing with its colours as CSS variables and a text for those who do not see it."""
    drawn: str = vlc.vegalite_to_svg(spec)
    drawn = drawn.replace("<svg ", f'<svg role="img" aria-label="{alternative}" ', 1)
    for placeholder, variable, fallback in _COLOURS:
        drawn = drawn.replace(placeholder, f"var({variable}, {fallback})")
    return drawn
