"""Metrics made of other metrics: a cost per new customer, growth against the level at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rapport.engine.metrics.period import Period
from rapport.engine.metrics.spec import Metric, MetricSpec
from rapport.engine.metrics.value import MetricValue

Parts = Mapping[str, float]  # the values of the parts, by their names


@dataclass(frozen=True, kw_only=True)
class DerivedMetric(Metric):
    """Arithmetic on the values of other metrics over the same period, or the one before.

    It has a value where every part has one and the denominator is not 0; its rows are those of its parts.

    Attributes:
        parts: by name.
        numerator, denominator: from the parts' values; without a denominator the numerator is the value.
    """

    parts: Mapping[str, Part]
    numerator: Callable[[Parts], float]
    denominator: Callable[[Parts], float] | None = None

    @property
    def counted(self) -> tuple[MetricSpec, ...]:
        found = (spec for part in self.parts.values() for spec in part.metric.counted)
        return tuple({spec.id: spec for spec in found}.values())

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Those that every part has."""
        first, *others = (part.metric.dimensions for part in self.parts.values())
        return tuple(name for name in first if all(name in theirs for theirs in others))


@dataclass(frozen=True)
class Part:
    """A metric that another is made of.

    Attributes:
        before: over the period before; of a stock that is its level at the start of the period.
        optional: counts as 0 where it is unknown, and the value says so.
    """

    metric: Metric
    before: bool = False
    optional: bool = False

    def period(self, of: Period) -> Period:
        return of.previous() if self.before else of


def periods_of(metric: Metric, period: Period) -> Iterator[Period]:
    """Every period that a metric looks at to tell its value over one."""
    if isinstance(metric, DerivedMetric):
        for part in metric.parts.values():
            yield from periods_of(part.metric, part.period(period))
    else:
        yield period


def counted_parts(metric: Metric, period: Period, *, name: str = "") -> dict[str, tuple[MetricSpec, Period]]:
    """What a metric counts over a period: the metric and its period, by the part's name; `""` where it has no parts.

    Parts of parts are named `cac.cost`.
    """
    if isinstance(metric, MetricSpec):
        return {name: (metric, period)}
    assert isinstance(metric, DerivedMetric)
    found: dict[str, tuple[MetricSpec, Period]] = {}
    for own, part in metric.parts.items():
        found |= counted_parts(part.metric, part.period(period), name=f"{name}.{own}" if name else own)
    return found


def made_of(
    metric: DerivedMetric,
    period: Period,
    parts: Mapping[str, MetricValue],
    *,
    dimensions: Mapping[str, str | None],
    as_of: datetime,
) -> MetricValue:
    """The value of one period and group from those of the parts."""
    told = parts.values()
    found = MetricValue(
        metric=metric.id,
        period=period,
        dimensions=dimensions,
        maturity=min((v.maturity for v in told if v.maturity is not None), default=None),
        n_missing_amount=sum(v.n_missing_amount for v in told),
        n_unconverted=sum(v.n_unconverted for v in told),
        n_assumed=sum(v.n_assumed for v in told),
        coverage=min((v.coverage for v in told if v.coverage is not None), default=None),
        as_of=as_of,
        data_through=min((v.data_through for v in told if v.data_through is not None), default=None),
        n=max((v.n for v in told), default=0),
    )
    missing = [name for name, value in parts.items() if value.value is None]
    needed = [name for name in missing if not metric.parts[name].optional]
    if needed:
        return replace(found, reason=_lacking(parts[needed[0]], metric.parts[needed[0]]))
    without = tuple(f"without {metric.parts[name].metric.name.lower()}" for name in missing)
    flags = (flag for value in told if value.value is not None for flag in value.flags)
    uncounted = (flag for flag in flags if not flag[0].isdigit())  # how many is told by the sums above
    return replace(_figure(metric, found, parts), flags=tuple(dict.fromkeys((*without, *uncounted, *_counts(found)))))


def _figure(metric: DerivedMetric, found: MetricValue, parts: Mapping[str, MetricValue]) -> MetricValue:
    values = {name: float(value.value or 0) for name, value in parts.items()}
    numerator = metric.numerator(values)
    if metric.denominator is None:
        return replace(found, value=numerator, numerator=numerator)
    denominator = metric.denominator(values)
    if not denominator:
        reason = f"Nothing to divide by: {_zero(metric, values)} come to 0."
        return replace(found, numerator=numerator, denominator=denominator, reason=reason)
    return replace(found, value=numerator / denominator, numerator=numerator, denominator=denominator)


def _counts(found: MetricValue) -> list[str]:
    """What was left out or stood in, of all parts together."""
    told = {
        "without amount": found.n_missing_amount,
        "without exchange rate": found.n_unconverted,
        "with an assumed date or amount": found.n_assumed,
    }
    return [f"{count:,} {words}" for words, count in told.items() if count]


def _lacking(value: MetricValue, part: Part) -> str:
    when = " of the period before" if part.before else ""
    return f"{part.metric.name}{when}: {value.reason or 'no value.'}"


def _zero(metric: DerivedMetric, values: Mapping[str, float]) -> str:
    """The parts that are 0; all of them where only together they come to it."""
    names = [name for name in metric.parts if not values[name]] or list(metric.parts)
    return ", ".join(dict.fromkeys(_told(metric.parts[name]) for name in names))


def _told(part: Part) -> str:
    return part.metric.name.lower() + (" of the period before" if part.before else "")
