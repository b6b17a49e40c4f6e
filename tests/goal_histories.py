"""Histories of goals written as plain numbers: months before a day, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from rapport.engine.metrics.goals import Direction, Goal, History, Reading
from rapport.engine.metrics.goals.months import months_before, trailing
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.value import MetricValue

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
YEAR = Period.year(2026)


def value_of(
    metric: str, period: Period, value: float | None, *, weight: float = 100.0, maturity: float | None = None
) -> MetricValue:
    return MetricValue(
        metric=metric,
        period=period,
        value=value,
        denominator=weight,
        n=int(weight),
        coverage=1.0,
        maturity=maturity,
        as_of=AS_OF,
        reason=None if value is not None else "No sales to count in this period.",
    )


def history_of(
    series: Sequence[float | None],
    *,
    metric: str = "revenue",
    reading: Reading = Reading.TOTAL,
    now: float | None = 0.0,
    target: float | None = None,
    direction: Direction = Direction.AT_LEAST,
    span: Period = YEAR,
    cut: date = date(2026, 7, 1),
    last_year: float | None = None,
    weights: Sequence[float] = (),
    begun: bool = True,
) -> History:
    """A goal of a year, half of it over, whose metric had `series` in the months before."""
    cut = min(cut, span.end)
    periods = months_before(cut, len(series))
    if reading is Reading.TRAILING:
        periods = trailing(cut, len(series), days=span.days)
    own = weights or [100.0] * len(series)
    months = tuple(value_of(metric, p, v, weight=w) for p, v, w in zip(periods, series, own, strict=True))
    whole = Period(span.start, cut) if begun else span
    return History(
        goal=Goal(metric=metric, target=target, direction=direction, span=span),
        reading=reading,
        cut=cut,
        now=value_of(metric, whole, now, weight=sum(own[-6:])) if begun else None,
        months=months,
        last_year=value_of(metric, span.last_year(), last_year),
    )
