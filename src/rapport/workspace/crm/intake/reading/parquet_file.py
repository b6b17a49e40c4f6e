"""Parquet files, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rapport.workspace.crm.intake.reading.rows import Line, Opened, UnreadableFileError, checked, unique_header

_BATCH = 2_000


def open_parquet(path: Path) -> Opened:
    """Cells keep their types: numbers, instants, decimals."""
    try:
        with pq.ParquetFile(path) as file:
            names = unique_header(file.schema_arrow.names)
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableFileError(f"is no Parquet file: {error}", where=path.name) from error

    def lines() -> Iterator[Line]:
        number = 1
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield checked(number, cells, len(names))

    return Opened(header=names, lines=lines, form="parquet", notes={})
