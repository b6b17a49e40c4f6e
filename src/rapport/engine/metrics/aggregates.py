"""Aggregates: what a metric asks of its relation, declared as data so that equal ones are computed once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

MONEY_SUM = dt.Decimal(38, 4)


class Operation(StrEnum):
    """COUNT rows; SUM, take DISTINCT or a QUANTILE of a column."""

    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"
    QUANTILE = "quantile"


@dataclass(frozen=True)
class Aggregate:
    """One aggregate over a relation.

    Attributes:
        column: what is summed, told apart or ranked; None counts rows.
        where: boolean columns that must all be true; null is not true.
        share: the quantile, 0..1, by linear interpolation.
    """

    operation: Operation
    column: str | None = None
    where: tuple[str, ...] = ()
    share: float | None = None

    @property
    def name(self) -> str:
        """The column of the answer. Equal aggregates have equal names."""
        parts = [self.operation.value, self.column or "rows", *self.where]
        return "__".join([*parts, *([f"{self.share:g}".replace(".", "_")] if self.share is not None else [])])

    @property
    def columns(self) -> frozenset[str]:
        """The columns of the relation that it reads."""
        return frozenset((*self.where, *([self.column] if self.column else [])))

    def expression(self, rows: ir.Table) -> ir.Scalar:
        condition = self.condition(rows)
        if self.operation is Operation.COUNT:
            return rows.count(where=condition)
        column = rows[self.column]
        if self.operation is Operation.DISTINCT:
            return column.nunique(where=condition)
        if self.operation is Operation.SUM:
            return wide(column).sum(where=condition)
        return column.cast("float64").quantile(self.share, where=condition)

    def condition(self, rows: ir.Table) -> ir.BooleanColumn | None:
        """Which rows it takes; None for all."""
        if not self.where:
            return None
        condition = rows[self.where[0]]
        for name in self.where[1:]:
            condition = condition & rows[name]
        return condition.fill_null(False)


def wide(column: ir.Column) -> ir.Column:
    """Decimals so wide that sums of them fit, with no fewer digits than they have."""
    kind = column.type()
    if not kind.is_decimal():
        return column
    return column.cast(dt.Decimal(38, max(MONEY_SUM.scale or 0, kind.scale or 0)))


def count(*where: str) -> Aggregate:
    return Aggregate(Operation.COUNT, where=where)


def total(column: str, *where: str) -> Aggregate:
    return Aggregate(Operation.SUM, column, where)


def distinct(column: str, *where: str) -> Aggregate:
    return Aggregate(Operation.DISTINCT, column, where)


def quantile(column: str, share: float, *where: str) -> Aggregate:
    return Aggregate(Operation.QUANTILE, column, where, share)
