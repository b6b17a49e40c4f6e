"""A dashboard's figures: plain data that a page shows and a cache keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from rapport.engine.metrics.value import MetricValue


@dataclass(frozen=True, kw_only=True)
class Point:
    """A month (its first day) or a dimension's value (null: none known) and the metric there; null is unknown."""

    label: str | None
    value: float | None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A metric on a dashboard.

    Attributes:
        value: in the metric's unit; null where it cannot be told, and `reason` says why.
        change: relative to the compared period; difference: in the metric's unit; null where either is unknown.
        flags: "small sample", "immature", ... as the metric says.
        series: by month, oldest first; parts: by a dimension, largest first.
    """

    metric: str
    display: str
    by: str = ""
    title: str = ""
    value: float | None = None
    reason: str | None = None
    n: int = 0
    lower: float | None = None
    upper: float | None = None
    compared: float | None = None
    change: float | None = None
    difference: float | None = None
    flags: tuple[str, ...] = ()
    series: tuple[Point, ...] = ()
    parts: tuple[Point, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All tiles of a dashboard for one period, when they were computed and how far the data reach."""

    first: date
    end: date
    computed_at: datetime
    data_through: datetime | None
    tiles: tuple[Figure, ...]


_FIGURES = TypeAdapter(Figures)


def to_json(figures: Figures) -> Any:
    return _FIGURES.dump_python(figures, mode="json")


def from_json(body: Any) -> Figures:
    return _FIGURES.validate_python(body)


def number(value: MetricValue | None) -> float | None:
    """The value as a float, for charts and JSON; exact decimals are shown on the rows page."""
    return None if value is None or value.value is None else float(value.value)
