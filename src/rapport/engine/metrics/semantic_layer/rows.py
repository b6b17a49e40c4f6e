"""The rows of a dataset, made by the relation itself: what a metric counts is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.local_day import local_day
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.aggregates import Operation, wide
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import with_dimensions
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating
from rapport.engine.metrics.semantic_layer.datasets import EVENT_DAY, OCCURRED_AT, ROW_ID, Dataset
from rapport.engine.metrics.semantic_layer.names import safe_name
from rapport.engine.metrics.windows import in_windows, standing_in_windows, windows_of
from rapport.engine.runner import Runner

_START = "_start"  # a relation may have a column `period_start` of its own
_INSTANT = "timestamp('UTC', 6)"


def dataset_rows(
    dataset: Dataset, snapshot: Snapshot, *, as_of: datetime, periods: Sequence[Period], runner: Runner
) -> ir.Table:
    """One row per row counted: `row_id` (of the record), `event_day` or `period_start`, dimensions, what measures read.

    Rows dated by an event come once, with `occurred_at`; others once for each period that they belong to.
    Names, addresses and texts are not among the columns.
    Raises: DataError where a table or column is missing.
    """
    reading = Reading(
        view=as_known(snapshot, as_of),
        windows=windows_of(periods, time_zone=snapshot.time_zone, as_of=as_of, rolling_days=dataset.rolling_days),
        needed_by=f"the rows of {dataset.name}",
        wanted=frozenset(
            {*dataset.columns, *(dataset.relation.dimensions[d].column for d in dataset.dimensions.values())}
        ),
        runner=runner,
    )
    relation = dataset.relation
    rows = with_dimensions(plain(relation.rows(reading)), relation, reading, list(dataset.dimensions.values()))
    rows = _in_periods(rows, dataset, reading, periods) if dataset.by_period else _on_days(rows, reading)
    return rows.select(**_columns(rows, dataset))


def _on_days(rows: ir.Table, reading: Reading) -> ir.Table:
    dated = rows.mutate(**{EVENT_DAY: local_day(rows["at"], reading.time_zone)})
    return dated.filter(dated[EVENT_DAY].notnull())


def _in_periods(rows: ir.Table, dataset: Dataset, reading: Reading, periods: Sequence[Period]) -> ir.Table:
    if dataset.relation.dating is Dating.EVENT:
        rows = in_windows(rows, reading.windows)
    elif dataset.relation.dating is Dating.STANDING:
        rows = standing_in_windows(rows, reading.windows)
    if dataset.relation.fold is not None:
        rows = dataset.relation.fold(rows, [])
    starts = pa.table(
        {
            "_number": pa.array(range(len(periods)), pa.int64()),
            _START: pa.array([period.start for period in periods], pa.date32()),
        }
    )
    return rows.mutate(_in=rows.period).join(ibis.memtable(starts), [("_in", "_number")])


def _columns(rows: ir.Table, dataset: Dataset) -> dict[str, ir.Value]:
    """Amounts that are summed as the sum has them: wide decimals."""
    summed = {a.column for a in dataset.measures.values() if a.operation is Operation.SUM}
    found = {ROW_ID: rows["id"].cast("string")} if "id" in rows.columns else {}
    found[dataset.day] = rows[_START if dataset.by_period else EVENT_DAY]
    if "at" in rows.columns:
        found[OCCURRED_AT] = rows["at"].cast(_INSTANT)
    found |= {name: rows[f"dim_{dimension}"] for name, dimension in dataset.dimensions.items()}
    for name in dataset.columns:
        value = rows[name]
        found[safe_name(name)] = wide(value) if name in summed else value
    return found
