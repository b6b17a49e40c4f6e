"""By when all rows of some files were recorded, as the files' own statistics tell it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

_COLUMN = "recorded_at"


def recorded_until(files: Iterable[str]) -> datetime | None:
    """The newest `recorded_at` of Parquet files; None where there is none, or where a file does not tell."""
    found = []
    for file in files:
        state = Path(file).stat()
        newest = _of_file(file, state.st_mtime_ns, state.st_size)
        if newest is None:
            return None
        found.append(newest)
    return max(found, default=None)


@lru_cache(maxsize=10_000)
def _of_file(file: str, _changed: int, _size: int) -> datetime | None:
    """Of one file as it was at an instant; footers are read once."""
    metadata = pq.read_metadata(file)
    places = [n for n in range(metadata.num_columns) if metadata.schema.column(n).path == _COLUMN]
    if not places or not metadata.num_row_groups:
        return None
    told = [metadata.row_group(n).column(places[0]).statistics for n in range(metadata.num_row_groups)]
    if not all(statistics is not None and statistics.has_min_max for statistics in told):
        return None
    newest = max(statistics.max for statistics in told)
    return newest if isinstance(newest, datetime) and newest.tzinfo is not None else None
