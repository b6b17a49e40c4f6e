"""Functions on batches: what model scoring runs through on every engine."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.execution.duckdb import DuckdbRunner

SCHEMA = pa.schema([("id", pa.int64()), ("double", pa.float64())])


def doubled(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch([batch["id"], pc.multiply(pc.cast(batch["id"], pa.float64()), 2.0)], schema=SCHEMA)


def test_every_row_goes_through_once(runner: DuckdbRunner) -> None:
    rows = runner.from_arrow(pa.table({"id": pa.array(range(250_000), pa.int64())}))
    found = runner.to_arrow(runner.map_batches(rows, doubled, SCHEMA).order_by("id"))
    assert found["double"].to_pylist() == [2.0 * i for i in range(250_000)]


def test_no_rows_are_a_table_with_the_columns(runner: DuckdbRunner) -> None:
    rows = runner.from_arrow(pa.table({"id": pa.array([], pa.int64())}))
    assert runner.to_arrow(runner.map_batches(rows, doubled, SCHEMA)).schema.names == ["id", "double"]
