"""A mean over objects, whatever the number of their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from rapport.engine.metrics.aggregates import Aggregate, count, total
from rapport.engine.metrics.figures import Aggregates, Ratio, Result


@dataclass(frozen=True)
class MeanOverObjects(Ratio):
    """Numerator / denominator of each object (rows with `is_<object>`), and the mean of these shares.

    Contacts are many and accounts few: each object counts once. Null where no object has a denominator.
    """

    objects: Sequence[str] = ()

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (*(a for name in self.objects for a in self._of(name)), count())

    def _of(self, name: str) -> tuple[Aggregate, Aggregate]:
        assert self.numerator.column is not None
        assert self.denominator.column is not None
        return total(self.numerator.column, f"is_{name}"), total(self.denominator.column, f"is_{name}")

    def result(self, values: Aggregates) -> Result:
        pairs = [tuple(float(values.get(a.name) or 0) for a in self._of(name)) for name in self.objects]
        shares = [above / below for above, below in pairs if below]
        n = int(values.get(count().name) or 0)
        if not shares:
            return Result(value=None, numerator=0, denominator=0, n=n)
        return Result(value=sum(shares) / len(shares), numerator=sum(shares), denominator=len(shares), n=n)

    def contributions(self, rows: ir.Table) -> tuple[ir.Value, ir.Value]:
        """Each row's part of its object's share, so that the sums over rows are those of the objects."""
        assert self.numerator.column is not None
        assert self.denominator.column is not None
        whole = rows[self.denominator.column].sum().over(group_by=rows.object).cast("float64").nullif(0)
        return rows[self.numerator.column] / whole, rows[self.denominator.column] / whole
