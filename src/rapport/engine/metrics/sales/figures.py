"""Figures of their own kind: weighted amounts, a told amount, coverage of a gap, a median with stays that go on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rapport.engine.metrics.aggregates import Aggregate, count
from rapport.engine.metrics.figures import Aggregates, Amount, Quantile, Ratio, Result


@dataclass(frozen=True)
class WeightedAmount(Amount):
    """A sum of amounts times chances: no value where not one of the rows has a chance.

    Attributes:
        among: the rows that should have one.
    """

    among: Aggregate = field(default_factory=count)

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (*super().aggregates, self.among)

    def result(self, values: Aggregates) -> Result:
        result, among = super().result(values), values.get(self.among.name) or 0
        if result.n or not among:
            return result
        return Result(value=None, n=int(among), reason=f"None of {among:,} open deals has a probability of winning.")


@dataclass(frozen=True)
class Told(Amount):
    """A sum of what was told: no value, and not 0, where nothing was."""

    def result(self, values: Aggregates) -> Result:
        result = super().result(values)
        return result if result.n else Result(value=None, reason="Nothing was told for exactly this period in time.")


@dataclass(frozen=True)
class Coverage(Ratio):
    """What is in the pipeline / what is still to be won: no value where the target is met, or where there is none.

    Attributes:
        target: the targets among the rows.
    """

    target: Aggregate = field(default_factory=count)

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (*super().aggregates, self.target)

    def result(self, values: Aggregates) -> Result:
        result = super().result(values)
        if not values.get(self.target.name):
            return Result(value=None, reason="No goal for bookings holds at the end of this period.")
        if float(result.denominator or 0) <= 0:
            return replace(result, value=None, reason="The target is met: there is no gap to cover.")
        return result


@dataclass(frozen=True)
class HalfOver(Quantile):
    """The length at which half are over: the smallest one that `where` marks. `n` counts those that go on, too."""

    column: str = "days"
    share: float = 0.0
    where: tuple[str, ...] = ("past_half",)

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (*super().aggregates, count())

    def result(self, values: Aggregates) -> Result:
        value, n = values.get(self.aggregates[0].name), int(values.get(count().name) or 0)
        reason = f"Fewer than half of {n:,} are over, by the curve." if n and value is None else None
        return Result(value=value, denominator=n, n=n, reason=reason)
