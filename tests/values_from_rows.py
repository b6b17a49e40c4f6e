"""A metric's value from the rows behind it alone: what drill-down must come to."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics import Period, rows
from rapport.engine.metrics.derived import DerivedMetric, counted_parts
from rapport.engine.metrics.figures import Amount, Mean, NetPromoter, Quantile, Ratio
from rapport.engine.metrics.spec import Metric, MetricSpec
from rapport.engine.runner import Runner


def from_rows(metric: Metric, snapshot: Snapshot, engine: Runner, *, period: Period, as_of: datetime) -> float | None:
    """The value from the rows, of a metric made of others from those of its parts; None where they tell none."""
    counted = {}
    for part, (spec, _) in counted_parts(metric, period).items():
        table = rows(metric.id, snapshot, period=period, as_of=as_of, runner=engine, part=part)
        behind = engine.to_arrow(table).to_pandas()
        assert behind["id"].notna().all()
        assert behind["at"].notna().all()
        counted[part] = again(spec, behind)
    return _made(metric, counted)


def again(spec: MetricSpec, behind: pd.DataFrame) -> float | None:
    """The value from its rows alone."""
    numerators = behind["numerator"].dropna()
    figure = spec.figure
    if isinstance(figure, Amount):
        if figure.of.operation == "distinct":
            return float(numerators.nunique())
        return float(numerators.astype(float).sum())
    if isinstance(figure, Quantile):
        return float(np.quantile(numerators.astype(float), figure.share)) if len(numerators) else None
    if isinstance(figure, Mean):
        return float(numerators.astype(float).mean()) if len(numerators) else None
    if isinstance(figure, NetPromoter):
        return float(100 * numerators.sum() / len(behind)) if len(behind) else None
    assert isinstance(figure, Ratio)
    parts = []
    for side, aggregate in (("numerator", figure.numerator), ("denominator", figure.denominator)):
        column = behind[side].dropna()
        parts.append(column.nunique() if aggregate.operation == "distinct" else column.astype(float).sum())
    return float(parts[0] / parts[1]) if parts[1] else None


def _made(metric: Metric, counted: dict[str, float | None], name: str = "") -> float | None:
    if not isinstance(metric, DerivedMetric):
        return counted[name]
    parts = {own: _made(p.metric, counted, f"{name}.{own}" if name else own) for own, p in metric.parts.items()}
    if any(value is None and not metric.parts[own].optional for own, value in parts.items()):
        return None
    known = {own: value or 0.0 for own, value in parts.items()}
    numerator = metric.numerator(known)
    if metric.denominator is None:
        return numerator
    denominator = metric.denominator(known)
    return numerator / denominator if denominator else None
