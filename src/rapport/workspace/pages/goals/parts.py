"""The parts of a metric that a goal can be about, by name."""

from __future__ import annotations

from datetime import datetime

from rapport.engine.errors import RapportError
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.goals.asking import parts_of
from rapport.workspace.metrics.names import names_of


def parts_named(metric: str, dimension: str, *, now: datetime, also: str = "") -> list[tuple[str, str]]:
    """(value, name) of a dimension in the last year, and `also`; empty where the metric has no such dimension."""
    if metric not in METRICS or dimension not in METRICS[metric].dimensions:
        return []
    try:
        values = parts_of(metric, dimension, now=now)
    except RapportError:
        values = []
    if also and also not in values:
        values = [also, *values]
    names = names_of(dimension, values)
    return [(value, names.get(value, value)) for value in values]
