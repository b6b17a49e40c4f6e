"""Charts of metric values as Vega-Lite specs: one spec for pages, notebooks, PDF and e-mail.

Background and ink are chosen so that a chart can be read on light and dark pages alike; the values
are inside the spec, so that nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import altair as alt
import pandas as pd

from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric, Unit
from rapport.engine.metrics.value import MetricValue

INK = "#7d8794"  # 3.7 : 1 on white and 4.3 : 1 on a dark page (#182433)
RULE = "rgba(125, 135, 148, 0.25)"
MAIN = "#3b7ddd"
FORMER = "#9aa5b1"
COLOURS = ("#3b7ddd", "#e8890c", "#2f9e6e", "#b4559d", "#8a6d3b", "#1f9bb5", "#d64545", "#6c63c7")

_FORMATS: Mapping[Unit, str] = {
    Unit.COUNT: ",.0f",
    Unit.FRACTION: ".1%",
    Unit.RATE: "+.1%",
    Unit.AMOUNT: ",.2f",
    Unit.SECONDS: ",.0f",
    Unit.MINUTES: ",.1f",
    Unit.DAYS: ",.1f",
    Unit.MONTHS: ",.1f",
    Unit.HOURS: ",.1f",
    Unit.POINTS: ",.1f",
    Unit.PER: ",.2f",
}
_AXIS_WORDS: Mapping[Unit, str] = {
    unit: unit.value for unit in (Unit.SECONDS, Unit.MINUTES, Unit.HOURS, Unit.DAYS, Unit.MONTHS, Unit.POINTS)
}
_TOP = 20
_DAYS = alt.Scale(type="utc")  # days are written without zone and must not move with the reader's
_NONE = "(none)"

Label = Callable[[str, str], str]
Chart = alt.LayerChart | alt.FacetChart


def time_series(
    values: Sequence[MetricValue], *, by: str | None = None, label: Label | None = None, height: int = 220
) -> Chart:
    """A line over the periods of one metric, with its interval, or one line per value of a dimension.

    Periods without a value leave a gap. Values that carry a compared period get a second, paler line.
    Parameters: label, from dimension and value to what people read (`owner`, `u1` -> "Ada").
    """
    spec, data = _table(values, by=by, label=label)
    x = alt.X("start:T", title=None, scale=_DAYS, axis=alt.Axis(labelOverlap=True, tickCount=8, grid=False))
    y = _axis(spec, "value")
    base = alt.Chart(data, height=height, width="container")
    layers = []
    if by is None and data["lower"].notna().any():
        band = base.mark_area(color=MAIN, opacity=0.15).encode(x=x, y=_axis(spec, "lower"), y2="upper:Q")
        layers.append(band)
    if data["compared"].notna().any() and by is None:
        former = base.mark_line(color=FORMER, strokeDash=[4, 3]).encode(x=x, y=_axis(spec, "compared"))
        layers.append(former)
    line = base.mark_line(
        color=MAIN, point=alt.OverlayMarkDef(size=18, filled=True), invalid="break-paths-show-domains"
    )
    encoding = {"x": x, "y": y, "tooltip": _tooltips(spec, by)}
    if by is not None:
        encoding["color"] = alt.Color("group:N", title=None, scale=alt.Scale(range=list(COLOURS)))
    layers.append(line.encode(**encoding))
    return _themed(alt.layer(*layers))


def bars(values: Sequence[MetricValue], *, by: str, label: Label | None = None, top: int = _TOP) -> Chart:
    """One bar per value of a dimension, the greatest first, with intervals where there are any."""
    spec, data = _table(values, by=by, label=label)
    kept = data.dropna(subset=["value"]).nlargest(top, "value")
    y = alt.Y("group:N", sort="-x", title=None)
    base = alt.Chart(kept, height=alt.Step(22), width="container")
    marks = base.mark_bar(color=MAIN, cornerRadiusEnd=2).encode(
        x=alt.X("value:Q", title=_AXIS_WORDS.get(spec.unit), axis=alt.Axis(format=_FORMATS[spec.unit])),
        y=y,
        tooltip=_tooltips(spec, by),
    )
    layers = [marks]
    if kept["lower"].notna().any():
        layers.append(base.mark_rule(color=INK).encode(x="lower:Q", x2="upper:Q", y=y))
    return _themed(alt.layer(*layers))


def sparkline(values: Sequence[MetricValue], *, width: int = 120, height: int = 32) -> Chart:
    """A line without axes, its last point marked, for a tile."""
    _, data = _table(values, by=None, label=None)
    x = alt.X("start:T", axis=None, scale=_DAYS)
    y = alt.Y("value:Q", axis=None, scale=alt.Scale(zero=False))
    base = alt.Chart(data, width=width, height=height)
    line = base.mark_line(color=MAIN, strokeWidth=1.5, invalid="break-paths-show-domains").encode(x=x, y=y)
    last = alt.Chart(data.dropna(subset=["value"]).tail(1)).mark_circle(color=MAIN, size=28).encode(x=x, y=y)
    return _themed(alt.layer(line, last))


def formatted(value: float | None, spec: Metric, *, currency: str = "") -> str:
    """A value as people read it: `75.0 %`, `12,345.00 EUR`, `3.5 days`; an en dash where there is none."""
    if value is None:
        return "–"
    if spec.unit.is_percent:
        return f"{float(value) * 100:,.1f} %"
    shown = format(float(value), _FORMATS[spec.unit])
    words = currency if spec.unit is Unit.AMOUNT else _AXIS_WORDS.get(spec.unit, "")
    return f"{shown} {words}".strip()


def _table(values: Sequence[MetricValue], *, by: str | None, label: Label | None) -> tuple[Metric, pd.DataFrame]:
    """One row per value: start, label of the period, group, value, lower, upper, n, compared."""
    spec = METRICS[values[0].metric]
    rows = [
        {
            "start": value.period.start.isoformat(),
            "period": value.period.label,
            "group": _group(value, by, label),
            "value": _number(value.value),
            "lower": value.lower,
            "upper": value.upper,
            "n": value.n,
            "compared": _number(value.compared.value) if value.compared else None,
        }
        for value in values
    ]
    data = pd.DataFrame(rows)
    numbers = ["value", "lower", "upper", "compared"]
    data[numbers] = data[numbers].astype("float64")
    return spec, data


def _group(value: MetricValue, by: str | None, label: Label | None) -> str:
    if by is None:
        return ""
    name = value.dimensions.get(by)
    if name is None:
        return _NONE
    return label(by, name) if label else name


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _axis(spec: Metric, field: str) -> alt.Y:
    axis = alt.Axis(format=_FORMATS[spec.unit], tickCount=5)
    return alt.Y(f"{field}:Q", title=_AXIS_WORDS.get(spec.unit), axis=axis, scale=alt.Scale(zero=_from_zero(spec)))


def _from_zero(spec: Metric) -> bool:
    return spec.unit is not Unit.POINTS


def _tooltips(spec: Metric, by: str | None) -> list[alt.Tooltip]:
    shown = [
        alt.Tooltip("period:N", title="Period"),
        alt.Tooltip("value:Q", title=spec.name, format=_FORMATS[spec.unit]),
        alt.Tooltip("n:Q", title="Rows", format=",.0f"),
    ]
    return [alt.Tooltip("group:N", title=by.capitalize()), *shown] if by else shown


def _themed(chart: Chart) -> Chart:
    themed: Chart = (
        chart.properties(background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=INK, gridColor=RULE, domainColor=RULE, tickColor=RULE, titleFontWeight="normal"
        )
        .configure_legend(labelColor=INK, titleColor=INK, orient="bottom")
    )
    return themed
