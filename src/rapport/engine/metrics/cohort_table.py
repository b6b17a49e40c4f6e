"""The retention table: cohorts of customers by their first purchase, and how many bought in each month since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.retention.cohort_retention_rate import (
    COHORT_RETENTION_RATE,
    COHORT_RETENTION_RATE_ROLLING,
)
from rapport.engine.metrics.value import MetricValue
from rapport.engine.runner import Runner


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Attributes: period of the first purchases; customers; kept, by months since: what `measure` tells of each."""

    period: Period
    customers: int
    kept: tuple[MetricValue, ...]


def cohort_table(
    snapshot: Snapshot,
    *,
    period: Period,
    as_of: datetime,
    runner: Runner,
    grain: Grain = Grain.MONTH,
    filters: Sequence[Only] = (),
    rolling: bool = False,
) -> tuple[Cohort, ...]:
    """The retention table: one row per cohort of the period, one value per month since that has begun.

    Cohorts without customers are left out. One query, as `measure` by `months_since_first`.
    """
    metric = COHORT_RETENTION_RATE_ROLLING if rolling else COHORT_RETENTION_RATE
    values = measure(
        [metric.id], snapshot, period=period, grain=grain, by=["months_since_first"], filters=filters,
        as_of=as_of, runner=runner,
    )  # fmt: skip
    found: dict[Period, list[MetricValue]] = {}
    for value in values:
        if value.n and value.dimensions["months_since_first"] is not None:
            found.setdefault(value.period, []).append(value)
    return tuple(
        Cohort(period=cohort, customers=max(v.n for v in kept), kept=tuple(sorted(kept, key=_months)))
        for cohort, kept in sorted(found.items())
    )


def _months(value: MetricValue) -> int:
    return int(value.dimensions["months_since_first"] or 0)
