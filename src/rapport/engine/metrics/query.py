"""The one query of a relation: rows made, filtered, put into periods and aggregated for all metrics that share it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.aggregates import Aggregate
from rapport.engine.metrics.in_segments import only_in_segments, split_by_segment
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import SEGMENT, Dating, Dimension, Relation
from rapport.engine.metrics.windows import in_windows, standing_in_windows


@dataclass(frozen=True)
class Only:
    """Rows whose dimension has one of the values; None among them stands for rows without any."""

    dimension: str
    values: tuple[str | None, ...]

    def keeps(self, column: ir.Value) -> ir.BooleanValue:
        named = [v for v in self.values if v is not None]
        kept = column.isin(named) if named else ibis.literal(value=False)
        return kept.fill_null(False) | column.isnull() if None in self.values else kept.fill_null(False)


@dataclass(frozen=True)
class Split:
    """The dimensions of a question: those shown, and those that filters need."""

    by: tuple[str, ...] = ()
    filters: tuple[Only, ...] = field(default_factory=tuple)

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.by, *(f.dimension for f in self.filters))))


def columns_wanted(relation: Relation, split: Split, aggregates: Iterable[Aggregate]) -> frozenset[str]:
    """Columns of the relation that the question reads."""
    read = [relation.dimensions[name].columns for name in split.dimensions]
    return frozenset().union(*read, *(a.columns for a in aggregates))


def check_dimensions(asked_by: str, known: Collection[str], split: Split) -> None:
    """Raises DefinitionError where a dimension of the question is none of those known."""
    for name in split.dimensions:
        if name not in known:
            raise DefinitionError(
                f"{asked_by} cannot be split by or filtered on {name}.", received=name, allowed=sorted(known)
            )


def rows_in_periods(relation: Relation, reading: Reading, split: Split) -> ir.Table:
    """The relation's rows with `period` and one column `dim_<name>` per dimension of the question."""
    own = [name for name in split.dimensions if name != SEGMENT]
    rows = with_dimensions(plain(relation.rows(reading)), relation, reading, own)
    for only in split.filters:
        if only.dimension != SEGMENT:
            rows = rows.filter(only.keeps(rows[f"dim_{only.dimension}"]))
    if relation.dating is Dating.EVENT:
        rows = in_windows(rows, reading.windows)
    elif relation.dating is Dating.STANDING:
        rows = standing_in_windows(rows, reading.windows)
    if SEGMENT in split.dimensions:
        rows = _by_segment(rows, relation, reading, split)
    return relation.fold(rows, [f"dim_{name}" for name in split.dimensions]) if relation.fold else rows


def aggregated(
    rows: ir.Table,
    split: Split,
    aggregates: Iterable[Aggregate],
    *,
    expressed: Callable[[Aggregate, ir.Table], ir.Scalar] = Aggregate.expression,
) -> ir.Table:
    """One row per period and dimension values: the aggregates, each once, by their names."""
    keys = ["period", *(f"dim_{name}" for name in split.by)]
    once = {aggregate.name: expressed(aggregate, rows) for aggregate in dict.fromkeys(aggregates)}
    return rows.group_by(keys).aggregate(**once)


def _by_segment(rows: ir.Table, relation: Relation, reading: Reading, split: Split) -> ir.Table:
    """Segments are asked for once rows have their periods, as what stands is in those of each period's end."""
    asked = [only for only in split.filters if only.dimension == SEGMENT]
    if SEGMENT not in split.by:
        for only in asked:
            rows = only_in_segments(rows, relation, reading, only.values)
        return rows
    rows = split_by_segment(rows, relation, reading)
    for only in asked:
        rows = rows.filter(only.keeps(rows[f"dim_{SEGMENT}"]))
    return rows


def with_dimensions(rows: ir.Table, relation: Relation, reading: Reading, names: Sequence[str]) -> ir.Table:
    """The rows with a column `dim_<name>` for each of the dimensions."""
    for name in names:
        dimension = relation.dimensions[name]
        if dimension.table is None:
            rows = rows.mutate(**{f"dim_{name}": rows[dimension.column].cast("string")})
        else:
            rows = _looked_up(rows, name, dimension, reading)
    return rows


def _looked_up(rows: ir.Table, name: str, dimension: Dimension, reading: Reading) -> ir.Table:
    """A column of the record referred to; one row stays one row, as `id` is unique there."""
    assert dimension.table is not None
    assert dimension.attribute is not None
    records = reading.lookup(dimension.table, [dimension.attribute])
    found = records.select(_key=records.id, **{f"dim_{name}": records[dimension.attribute].cast("string")})
    return rows.left_join(found, [(dimension.column, "_key")]).drop("_key").mutate(id=lambda t: t["id"])
