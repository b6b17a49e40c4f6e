"""The rows behind a value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis.expr.types as ir

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.derived import counted_parts
from rapport.engine.metrics.measure import spec_of
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Only, Split, check_dimensions, columns_wanted, rows_in_periods
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.spec import Metric, MetricSpec
from rapport.engine.metrics.windows import windows_of
from rapport.engine.runner import Runner


def rows(
    metric_id: str,
    snapshot: Snapshot,
    *,
    period: Period,
    as_of: datetime,
    filters: Sequence[Only] = (),
    runner: Runner | None = None,
    part: str = "",
) -> ir.Table:
    """The rows that a metric's value over a period was made from.

    Parameters:
        part: of a metric made of others, whose rows (`counted_parts`); the first one's where none is named.
        runner: only metrics in business hours need one, to read the calendars.
    Returns: one row per row counted: id (of the table of the relation counted), the instant `at`
        (or since when it stands), columns that help to recognise it, `numerator` and
        `denominator`: what it adds to each, null where it adds nothing.
    Raises: DataError where a table or column is missing, DefinitionError for an unknown metric or dimension.
    """
    metric = spec_of(metric_id)
    split = Split((), tuple(filters))
    check_dimensions(metric.id, metric.dimensions, split)
    spec, period = _counted(metric, period, part)
    reading = Reading(
        view=as_known(snapshot, as_of),
        windows=windows_of((period,), time_zone=snapshot.time_zone, as_of=as_of, rolling_days=spec.rolling_days),
        needed_by=spec.id,
        wanted=columns_wanted(spec.relation, split, spec.aggregates) | set(spec.relation.labels),
        runner=runner,
    )
    counted = rows_in_periods(spec.relation, reading, split)
    numerator, denominator = spec.figure.contributions(counted)
    told = counted.mutate(numerator=numerator, denominator=denominator)
    told = told.filter(told.numerator.notnull() | told.denominator.notnull())
    if "at" not in told.columns and "from_at" in told.columns:
        told = told.rename(at="from_at")
    shown = [c for c in ("at", *spec.relation.labels) if c in told.columns]
    return told.select("id", *dict.fromkeys(shown), "numerator", "denominator")


def _counted(metric: Metric, period: Period, part: str) -> tuple[MetricSpec, Period]:
    parts = counted_parts(metric, period)
    name = part or next(iter(parts))
    if name not in parts:
        raise DefinitionError(f"{metric.id} has no such part.", received=part, allowed=list(parts))
    return parts[name]
