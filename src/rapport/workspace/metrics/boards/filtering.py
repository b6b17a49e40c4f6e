"""What a dashboard can be filtered by: the dimensions that its tiles share, and the values these have."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from django.core.cache import cache

from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.computing import Question
from rapport.workspace.metrics.data_version import data_version, measured_tables
from rapport.workspace.metrics.models import Tile
from rapport.workspace.metrics.names import names_of

_FIRST = ("owner", "team", "segment", "industry", "sector", "channel", "product")
_MOST_VALUES, _KEPT_S = 500, 3600


def shared_dimensions(tiles: Sequence[Tile]) -> list[tuple[str, int]]:
    """(dimension, how many of the metrics know it): the usual ones first, then those that most metrics share."""
    metrics = {tile.metric for tile in tiles if tile.metric in METRICS}
    counted = Counter(d for metric in metrics for d in METRICS[metric].dimensions)
    usual = {name: place for place, name in enumerate(_FIRST)}
    return sorted(counted.items(), key=lambda item: (usual.get(item[0], len(usual)), -item[1], item[0]))


def values_of(tiles: Sequence[Tile], dimension: str, question: Question) -> list[tuple[str, str]]:
    """(value, what people call it) by name: those that a metric with this dimension had in the last 24 months."""
    able = [METRICS[t.metric] for t in tiles if t.metric in METRICS and dimension in METRICS[t.metric].dimensions]
    if not able:
        return []
    metrics = sorted(m.id for m in _cheapest(able))
    kept_as = f"{','.join(metrics)}.{dimension}.{data_version()}.{question.period.end}"
    key = f"dashboards.values.{hashlib.sha256(kept_as.encode()).hexdigest()}"
    found: list[str] | None = cache.get(key)
    if found is None:
        found = _measured(metrics, dimension, question)
        cache.set(key, found, _KEPT_S)
    names = names_of(dimension, found)
    return sorted(((value, names[value]) for value in found), key=lambda pair: pair[1].lower())


def _measured(metrics: Sequence[str], dimension: str, question: Question) -> list[str]:
    wide = Period.last_months(24, until=question.period.end)
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        values = measure(metrics, snapshot, period=wide, as_of=question.as_of, runner=runner, by=(dimension,))
    rows: Counter[str] = Counter()
    for value in values:
        if (part := value.dimensions.get(dimension)) and value.n:
            rows[part] += value.n
    return [part for part, _ in rows.most_common(_MOST_VALUES)]


def _cheapest(able: Sequence[Metric]) -> list[Metric]:
    """Of each of three relations the metric that is told fastest: together they know most values."""
    found: dict[str, Metric] = {}
    for metric in sorted(able, key=_dearness):
        found.setdefault(metric.counted[0].relation.name, metric)
    return list(found.values())[:3]


def _dearness(metric: Metric) -> tuple[bool, bool, str]:
    """A plain count of events is told fastest and has the most values."""
    return len(metric.counted) != 1, metric.unit is not Unit.COUNT, metric.id
