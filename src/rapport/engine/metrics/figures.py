"""Figures: the arithmetic that turns aggregates into a metric's value, away from any engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.aggregates import Aggregate, count, quantile, total
from rapport.engine.statistics.intervals import (
    needs_adjusted_wald,
    net_promoter,
    net_promoter_bootstrap,
    net_promoter_interval,
    wilson,
)

Number = int | float | Decimal
Aggregates = Mapping[str, Number | None]


@dataclass(frozen=True, kw_only=True)
class Result:
    """A value with what it was made from. `n` is how many rows it rests on; `reason` says why there is none.

    Attributes:
        notes: short words on how it was reckoned, where that is not the usual way.
    """

    value: Number | None
    numerator: Number | None = None
    denominator: Number | None = None
    n: int = 0
    lower: float | None = None
    upper: float | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()


class Figure(Protocol):
    """What a metric declares: the aggregates it needs and what to make of them."""

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """All it needs."""
        ...

    @property
    def is_share(self) -> bool:
        """Whether the value is an estimate whose sample may be too small."""
        ...

    def result(self, values: Aggregates) -> Result:
        """The value from the aggregates, by their names."""
        ...

    def contributions(self, rows: ir.Table) -> tuple[ir.Value, ir.Value]:
        """What each row adds to the numerator and to the denominator; null where it adds nothing."""
        ...


@dataclass(frozen=True)
class Amount:
    """A count, a sum or a distinct count: 0 where there is nothing.

    Attributes:
        whole: what it is a part of, told as the denominator.
    """

    of: Aggregate
    whole: Aggregate | None = None
    is_share: bool = False

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (self.of, count(*self.of.where), *([self.whole] if self.whole else []))

    def result(self, values: Aggregates) -> Result:
        value = values.get(self.of.name) or 0
        whole = (values.get(self.whole.name) or 0) if self.whole else None
        return Result(value=value, numerator=value, denominator=whole, n=_whole(values, count(*self.of.where)))

    def contributions(self, rows: ir.Table) -> tuple[ir.Value, ir.Value]:
        whole = contribution(rows, self.whole) if self.whole else ibis.null().cast("int64")
        return contribution(rows, self.of), whole


@dataclass(frozen=True)
class Ratio:
    """Numerator / denominator: null where the denominator is 0.

    Attributes:
        proportion: the numerator counts some of the rows that the denominator counts, so that
            the value lies in 0..1 and carries Wilson's interval.
    """

    numerator: Aggregate
    denominator: Aggregate
    proportion: bool = False

    @property
    def is_share(self) -> bool:
        return self.proportion

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (self.numerator, self.denominator, count(*self.denominator.where))

    def result(self, values: Aggregates) -> Result:
        numerator, denominator = values.get(self.numerator.name) or 0, values.get(self.denominator.name) or 0
        n = _whole(values, count(*self.denominator.where))
        interval = wilson(float(numerator), float(denominator)) if self.proportion else None
        return Result(
            value=float(numerator) / float(denominator) if denominator else None,
            numerator=numerator,
            denominator=denominator,
            n=n,
            lower=interval[0] if interval else None,
            upper=interval[1] if interval else None,
        )

    def contributions(self, rows: ir.Table) -> tuple[ir.Value, ir.Value]:
        return contribution(rows, self.numerator), contribution(rows, self.denominator)


@dataclass(frozen=True)
class Quantile:
    """A quantile of a column, by linear interpolation; null without rows. The median at 0.5."""

    column: str
    share: float
    where: tuple[str, ...] = ()
    is_share: bool = True

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (quantile(self.column, self.share, *self.where), count(*self.where))

    def result(self, values: Aggregates) -> Result:
        n = _whole(values, count(*self.where))
        return Result(value=values.get(self.aggregates[0].name), denominator=n, n=n)

    def contributions(self, rows: ir.Table) -> tuple[ir.Value, ir.Value]:
        return contribution(rows, self.aggregates[0]), contribution(rows, self.aggregates[1])


@dataclass(frozen=True)
class Mean:
    """A mean of a column over rows that have it; null without rows."""

    column: str
    where: tuple[str, ...] = ()
    is_share: bool = True

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (total(self.column, *self.where), count(*self.where))

    def result(self, values: Aggregates) -> Result:
        n = _whole(values, count(*self.where))
        added = values.get(self.aggregates[0].name) or 0
        return Result(value=float(added) / n if n else None, numerator=added, denominator=n, n=n)

    def contributions(self, rows: ir.Table) -> tuple[ir.Value, ir.Value]:
        return contribution(rows, self.aggregates[0]), contribution(rows, self.aggregates[1])


@dataclass(frozen=True)
class NetPromoter:
    """Net promoter score of rows with the boolean columns `promoter`, `passive` and `detractor`.

    Attributes:
        bootstrap: the interval comes from samples drawn anew, not from Wald's equation.
    """

    is_share: bool = True
    bootstrap: bool = False

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (count("promoter"), count("passive"), count("detractor"))

    def result(self, values: Aggregates) -> Result:
        promoters, passives, detractors = (_whole(values, aggregate) for aggregate in self.aggregates)
        answers = promoters + passives + detractors
        reckoned = net_promoter_bootstrap if self.bootstrap else net_promoter_interval
        interval = reckoned(promoters, passives, detractors)
        is_adjusted = not self.bootstrap and needs_adjusted_wald(promoters, passives, detractors)
        return Result(
            value=net_promoter(promoters, passives, detractors),
            numerator=promoters - detractors,
            denominator=answers,
            n=answers,
            lower=interval[0] if interval else None,
            upper=interval[1] if interval else None,
            notes=("adjusted interval",) if is_adjusted else (),
        )

    def contributions(self, rows: ir.Table) -> tuple[ir.Value, ir.Value]:
        net = rows.promoter.cast("int64") - rows.detractor.cast("int64")
        return net, ibis.literal(1, type="int64")


def contribution(rows: ir.Table, aggregate: Aggregate) -> ir.Value:
    """What each row gives to an aggregate; null where it gives nothing."""
    value = rows[aggregate.column] if aggregate.column else ibis.literal(1, type="int64")
    condition = aggregate.condition(rows)
    return value if condition is None else ibis.ifelse(condition, value, ibis.null().cast(value.type()))


def _whole(values: Aggregates, aggregate: Aggregate) -> int:
    return int(values.get(aggregate.name) or 0)
