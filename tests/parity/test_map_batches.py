"""Functions on batches run beside the data on every engine."""

from __future__ import annotations

import os

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from rapport.engine.runner import Runner

pytestmark = pytest.mark.slow
SCHEMA = pa.schema([("id", pa.int64()), ("third", pa.float64()), ("process", pa.int64())])


def test_every_row_once_with_the_same_floats(engine: Runner) -> None:
    divisor = 3.0

    def thirds(batch: pa.RecordBatch) -> pa.RecordBatch:
        third = pc.divide(pc.cast(batch["id"], pa.float64()), divisor)
        process = pa.array([os.getpid()] * batch.num_rows, pa.int64())
        return pa.record_batch([batch["id"], third, process], schema=SCHEMA)

    rows = engine.from_arrow(pa.table({"id": pa.array(range(5_000), pa.int64())}))
    found = engine.to_arrow(engine.map_batches(rows, thirds, SCHEMA).order_by("id"))
    assert found["third"].to_pylist() == [i / 3.0 for i in range(5_000)]
    beside_the_data = engine.name == "spark"
    assert (os.getpid() not in found["process"].to_pylist()) is beside_the_data
