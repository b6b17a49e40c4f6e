"""Figures as a page shows them: words, colours and charts made from plain numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.conf import settings

from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.metrics.boards.targets import Target
from rapport.workspace.metrics.boards.watching import Watched, watched
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.figures import Figure, Figures
from rapport.workspace.metrics.names import names_of
from rapport.workspace.pages.dashboards.asking import with_filter
from rapport.workspace.pages.dashboards.charts import Mark, chart_of
from rapport.workspace.pages.dashboards.flags import Flag, flags_of
from rapport.workspace.pages.dashboards.units import TIMES, in_full, in_short
from rapport.workspace.pages.dashboards.watching import Alarm, alarm
from rapport.workspace.pages.frame.wording import day, plain


@dataclass(frozen=True, kw_only=True)
class ShownPoint:
    """A month or a part: its label, the value as text, where a part leads, and a remark."""

    label: str
    value: str
    query: str = ""
    note: str = ""


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
    flags: Sequence[Flag]
    goal: str = ""
    alarm: Alarm | None = None

    @property
    def measure(self) -> str:
        """What a chart is drawn by and in: "by month, in USD"."""
        by = f"by {plain(self.figure.by).lower()}" if self.figure.by else "by month"
        unit = (
            settings.BASE_CURRENCY
            if self.spec.unit is Unit.AMOUNT
            else self.spec.unit
            if self.spec.unit in TIMES
            else ""
        )
        return f"{by}, in {unit}" if unit else by

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

    flags: those that most tiles carry, said once. marks: the notes that charts mark, newest first.
    """

    figures: Figures
    flags: Sequence[Flag]
    tiles: Sequence[Shown]
    charts: Sequence[Shown]
    unknown: Sequence[Shown]
    marks: Sequence[Mark] = ()

    @property
    def lacking(self) -> list[tuple[str, list[Shown]]]:
        """(reason, metrics): what is unknown for the same reason, the commonest reason first."""
        found: dict[str, list[Shown]] = {}
        for shown in self.unknown:
            found.setdefault(_lack(shown.figure.reason), []).append(shown)
        return sorted(found.items(), key=lambda entry: -len(entry[1]))

    @property
    def alarms(self) -> list[Shown]:
        """What stands out, each metric once."""
        return [s for s in (*self.tiles, *self.charts) if s.alarm is not None]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What stands beside the figures: notes as charts mark them, and goals by metric.

    keeps_empty: whether charts with nothing to draw stay, as on a dashboard whose owner asked for each.
    """

    marks: Sequence[Mark] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
    keeps_empty: bool = False


def board(figures: Figures, asked: Asked, beside: Beside = Beside()) -> Board:
    """A metric without any value, now or in the past, is listed with its reason rather than drawn."""
    seen, told = watched(figures), set[str]()
    shown = []
    for figure in figures.tiles:
        first = figure.metric not in told  # a metric shown twice is told once
        told.add(figure.metric)
        shown.append(show(figure, asked, beside, seen.get(figure.metric) if first else None))
    known = [s for s in shown if _is_known(s.figure)]
    unknown = {s.spec.id: s for s in shown if not _is_known(s.figure)}
    tiles = [s for s in known if not s.has_chart]
    counted = Counter(flag for s in tiles for flag in s.flags)
    common = {flag for flag, count in counted.items() if 2 * count > len(tiles)}
    return Board(
        figures=figures,
        flags=sorted(common, key=str),
        tiles=[replace(s, flags=[f for f in s.flags if f not in common]) for s in tiles],
        charts=[s for s in known if s.has_chart and (beside.keeps_empty or s.is_drawn or s.is_table)],
        unknown=list(unknown.values()),
        marks=beside.marks,
    )


def show(
    figure: Figure,
    asked: Asked,
    beside: Beside = Beside(),
    seen: Watched | None = None,
) -> Shown:
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
        chart=chart_of(spec, figure, _names(figure), beside.marks),
        points=_points(spec, figure, asked),
        flags=flags_of(
            (*figure.flags, *(f"not by {plain(d).lower()}" for d in asked.filters if d not in spec.dimensions))
        ),
        goal=_goal(spec, beside.targets.get(figure.metric)),
        alarm=alarm(spec, seen, asked) if seen else None,
    )


def _lack(reason: str | None) -> str:
    """The reason; of a metric made of others what the part lacks, so that they stand together."""
    _, _, last = (reason or "There are no data in this period.").rpartition(": ")
    return last if last.startswith(("No ", "There are no ")) else reason or last


def _goal(spec: Metric, target: Target | None) -> str:
    """ "€1.2 M by 31 Dec 2026": the goal's whole target, whatever the period shown."""
    if target is None:
        return ""
    last = target.due_at - timedelta(microseconds=1) if target.due_at else None  # it is due with the end of a day
    return in_short(spec, target.target) + (f" by {day(last)}" if last else "")


def _difference(spec: Metric, figure: Figure) -> float | None:
    """Relative; of a fraction in percentage points, of points as they are."""
    if spec.unit.is_percent:
        points = None if figure.difference is None else 100 * figure.difference
        return None if points is None else round(points, 1 if abs(points) >= 10 else 2)
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
    months = [ShownPoint(label=_month(p.label), value=in_full(spec, p.value)) for p in figure.series]
    return [*months[:-1], replace(months[-1], note="so far")] if months else []


def _names(figure: Figure) -> dict[str, str]:
    return names_of(figure.by, [p.label for p in figure.parts if p.label])


def _month(label: str | None) -> str:
    return f"{date.fromisoformat(label):%B %Y}" if label else ""
