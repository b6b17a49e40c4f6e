"""Metrics: one spec per KPI, measured over a period with one query per relation.

values = measure(["win_rate", "leads"], snapshot, period=Period.year(2025), as_of=now, runner=runner, grain="month")
"""

from rapport.engine.metrics.drill_down import rows
from rapport.engine.metrics.measure import Compare, measure
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit
from rapport.engine.metrics.value import MetricValue

__all__ = [
    "METRICS",
    "Additivity",
    "Compare",
    "Grain",
    "Kind",
    "MetricSpec",
    "MetricValue",
    "NullPolicy",
    "Only",
    "Period",
    "TimeBasis",
    "Unit",
    "measure",
    "rows",
]
