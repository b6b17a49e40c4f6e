"""From aggregates to a value that says how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from rapport.engine.metrics.coverage import Coverage, counted_tables
from rapport.engine.metrics.figures import Aggregates, Number, Result
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.spec import DIRECT, UNATTRIBUTED, Metric, MetricSpec, NullPolicy, Unit
from rapport.engine.metrics.value import MetricValue
from rapport.engine.metrics.windows import Window
from rapport.engine.statistics.intervals import SMALL_SAMPLE

_WELL_COVERED = 0.95


def outcome(
    spec: MetricSpec,
    period: Period,
    window: Window,
    covered: float,
    aggregates: Aggregates,
    *,
    dimensions: Mapping[str, str | None],
    coverage: Coverage,
    as_of: datetime,
) -> MetricValue:
    """The value of one period and group. `covered` is the share of the time it looks at that data cover."""
    if window.start > as_of:
        return unknown(spec, period, as_of=as_of, reason="The period has not begun.", dimensions=dimensions)
    tables = counted_tables(spec)
    result = _result(spec, aggregates, dimensions)
    side = {name: int(aggregates.get(a.name) or 0) for name, a in spec.side_counts.items()}
    found = MetricValue(
        metric=spec.id,
        period=period,
        dimensions=dimensions,
        value=result.value,
        numerator=result.numerator,
        denominator=result.denominator,
        n=result.n,
        maturity=side["matured"] / side["cohort"] if side.get("cohort") else None,
        lower=result.lower,
        upper=result.upper,
        n_missing_amount=side.get("missing_amount", 0),
        n_unconverted=side.get("unconverted", 0),
        n_assumed=side.get("assumed", 0),
        coverage=covered,
        as_of=as_of,
        data_through=coverage.newest(tables),
        reason=result.reason,
    )
    found = _nothing_told(spec, found, window, coverage, tables)
    flags = _flags(spec, found, window, as_of, mixed=side.get("mixed", 0))
    return replace(found, flags=flags + (result.notes if found.value is not None else ()))


def unknown(
    metric: Metric,
    period: Period,
    *,
    as_of: datetime,
    reason: str,
    dimensions: Mapping[str, str | None] | None = None,
) -> MetricValue:
    return MetricValue(metric=metric.id, period=period, dimensions=dimensions or {}, as_of=as_of, reason=reason)


def _result(spec: MetricSpec, aggregates: Aggregates, dimensions: Mapping[str, str | None]) -> Result:
    """The figure; the groups of what no campaign gets show the rest, so that the groups add up to everything."""
    result = spec.figure.result(aggregates)
    if spec.unattributed_by and dimensions.get(spec.unattributed_by) in (UNATTRIBUTED, DIRECT):
        rest: Number = result.denominator or 0
        return replace(result, value=rest, numerator=rest)
    return result


def _nothing_told(
    spec: MetricSpec, found: MetricValue, window: Window, coverage: Coverage, tables: tuple[str, ...]
) -> MetricValue:
    """Why there is no value: no data reach the period, or nothing to divide by."""
    if spec.null_policy is NullPolicy.ZERO and not found.n and not found.value:
        firsts = [coverage.first[table] for table in tables if table in coverage.first]
        if not firsts or window.stand <= min(firsts):
            return replace(found, value=None, numerator=None, reason="No data reach back to this period.")
        if coverage.through is not None and window.start > coverage.through:
            return replace(found, value=None, numerator=None, reason="No data since before this period.")
    without = found.n_missing_amount + found.n_unconverted
    if spec.null_policy is NullPolicy.ZERO and found.value == 0 and 0 < found.n <= without:
        reason = f"None of {found.n:,} {spec.relation.grain} has an amount in the base currency, or a rate for it."
        return replace(found, value=None, numerator=None, reason=reason)
    if found.value is None and found.reason is None:
        return replace(found, reason=f"No {spec.relation.grain} to count in this period.")
    return found


def _flags(spec: MetricSpec, found: MetricValue, window: Window, as_of: datetime, *, mixed: int) -> tuple[str, ...]:
    if found.value is None:
        return ()
    told = {
        "small sample": spec.figure.is_share and found.n < SMALL_SAMPLE,
        "immature": found.maturity is not None and found.maturity < 1,
        "period not over": window.end > as_of,
        "partly covered": found.coverage is not None and found.coverage < _WELL_COVERED,
        f"mixes {mixed:,} surveys": mixed > 1,
        f"{found.n_missing_amount:,} without {_lacking(spec)}": found.n_missing_amount > 0,
        f"{found.n_unconverted:,} without exchange rate": found.n_unconverted > 0,
        f"{found.n_assumed:,} with an assumed date or amount": found.n_assumed > 0,
    }
    return tuple(words for words, holds in told.items() if holds)


def _lacking(spec: MetricSpec) -> str:
    """What a row lacks that is left out of a sum."""
    return "a full time" if spec.unit in (Unit.SECONDS, Unit.MINUTES, Unit.HOURS) else "amount"
