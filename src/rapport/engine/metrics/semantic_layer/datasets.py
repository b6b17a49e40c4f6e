"""Datasets: the rows of a relation laid out as one table, with a day or a period that every tool can group by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapport.engine.metrics.aggregates import Aggregate, Operation
from rapport.engine.metrics.relation import SEGMENT, Dating, Relation
from rapport.engine.metrics.semantic_layer.names import safe_name
from rapport.engine.metrics.spec import MetricSpec

EVENT_DAY = "event_day"  # the local day of a row's instant
PERIOD_START = "period_start"  # the first local day of the period that a row belongs to
ROW_ID, OCCURRED_AT = "row_id", "occurred_at"


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One table of rows.

    Attributes:
        rolling_days: length of the window before each period's end, where rows belong to several periods.
        dimensions: names in the table -> dimensions of the relation.
        measures: aggregates by name, unique over all datasets.
    """

    name: str
    relation: Relation
    rolling_days: int | None
    dimensions: Mapping[str, str]
    measures: Mapping[str, Aggregate]

    @property
    def by_period(self) -> bool:
        """Whether rows were made for the ends of periods, so that only those periods can be asked for."""
        return is_by_period(self.relation, self.rolling_days)

    @property
    def day(self) -> str:
        """The column that dates the rows."""
        return PERIOD_START if self.by_period else EVENT_DAY

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the relation that measures read."""
        return tuple(sorted({column for aggregate in self.measures.values() for column in aggregate.columns}))

    def measure(self, aggregate: Aggregate) -> str:
        """The name of an aggregate."""
        return measure_name(self.name, aggregate)


def is_by_period(relation: Relation, rolling_days: int | None) -> bool:
    return relation.dating is not Dating.EVENT or relation.fold is not None or rolling_days is not None


def datasets_of(specs: Iterable[MetricSpec], tables: Iterable[str]) -> list[Dataset]:
    """The tables from which all the metrics can be told; those of one relation and one kind of window share one.

    Parameters: tables that the company has, whose columns can be dimensions.
    """
    shared: dict[tuple[str, int | None], list[MetricSpec]] = {}
    for spec in specs:
        shared.setdefault((spec.relation.name, spec.rolling_days), []).append(spec)
    known = set(tables)
    return [_dataset(its, known) for its in shared.values()]


def dataset_name(spec: MetricSpec) -> str:
    return spec.relation.name if spec.rolling_days is None else f"{spec.relation.name}_{spec.rolling_days}_days"


def _dataset(specs: Sequence[MetricSpec], tables: set[str]) -> Dataset:
    name, relation = dataset_name(specs[0]), specs[0].relation
    aggregates = dict.fromkeys(aggregate for spec in specs for aggregate in spec.aggregates)
    measures = {measure_name(name, aggregate): aggregate for aggregate in aggregates}
    read = {column for aggregate in aggregates for column in aggregate.columns}
    dimensions = {
        _dimension_name(one, read): one
        for one, dimension in relation.dimensions.items()
        if one != SEGMENT
        and relation.fold is None
        and not dimension.own_rows
        and (dimension.table is None or dimension.table in tables)
    }
    return Dataset(
        name=name, relation=relation, rolling_days=specs[0].rolling_days, dimensions=dimensions, measures=measures
    )


def _dimension_name(name: str, read: set[str]) -> str:
    return f"{name}_of_row" if name in read or name in (ROW_ID, OCCURRED_AT) else safe_name(name)


def measure_name(dataset: str, aggregate: Aggregate) -> str:
    """`closed_deals_sum_amount_where_won`: small letters, digits and single underscores."""
    share = "" if aggregate.share is None else f"{100 * aggregate.share:g}".replace(".", "_")
    operation = {Operation.QUANTILE: f"percentile_{share}"}.get(aggregate.operation, aggregate.operation.value)
    where = f"where_{'_and_'.join(aggregate.where)}" if aggregate.where else ""
    words = (dataset, operation, aggregate.column or "rows", where)
    return re.sub("_+", "_", "_".join(word for word in words if word)).strip("_")
