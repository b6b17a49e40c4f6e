"""DuckDB, the embedded engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.duckdb import Backend

from rapport.engine.runner import BatchFunction

_BATCH = 100_000  # rows that a function on batches sees at once

_MACROS = """
CREATE OR REPLACE MACRO rapport_local_time(zone, moment) AS timezone(zone, moment);
CREATE OR REPLACE MACRO rapport_epoch_us(moment) AS epoch_us(moment);
CREATE OR REPLACE MACRO rapport_json_text(document, name)
    AS TRY(json_extract_string(document, '$."' || name || '"')); -- null where the document is no JSON
CREATE OR REPLACE MACRO rapport_first_of_windows(ordered, times, span) AS CAST(coalesce(list_sum(list_transform(
    list_filter(ordered, lambda one, place: place <= times
        OR ordered[place - times] - ordered[place - times] % span != one - one % span),
    lambda one: one % span)), 0) AS BIGINT);
-- within 64 bits where it can be: a product of wider decimals is 300 times slower
CREATE OR REPLACE MACRO rapport_points(micro) AS CASE
    WHEN abs(micro) < 1000000000000 THEN CAST(micro AS DECIMAL(12, 0)) * CAST(0.000001 AS DECIMAL(6, 6))
    ELSE CAST(CAST(micro AS DECIMAL(26, 6)) * CAST(0.000001 AS DECIMAL(26, 6)) AS DECIMAL(18, 6))
END;
"""


class DuckdbRunner:
    """Executes expressions on an in-memory DuckDB that spills to `temp_directory`.

    Parameters: threads and memory_limit (`4GB`) bound what one run may take; None leaves DuckDB's own bounds.
    """

    name = "duckdb"

    def __init__(
        self, *, threads: int | None = None, memory_limit: str | None = None, temp_directory: Path | None = None
    ) -> None:
        self.backend: Backend = ibis.duckdb.connect()
        self.backend.raw_sql("SET TimeZone='UTC'")
        self.backend.raw_sql("SET preserve_insertion_order=false")
        if threads is not None:
            self.backend.raw_sql(f"SET threads={int(threads)}")
        if memory_limit is not None:
            self.backend.raw_sql(f"SET memory_limit='{memory_limit}'")
        if temp_directory is not None:
            self.backend.raw_sql(f"SET temp_directory='{temp_directory}'")
        self.backend.raw_sql(_MACROS)
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        return self.backend.to_pyarrow(expression)

    def cache(self, expression: ir.Table) -> ir.Table:
        self._made += 1
        return self.backend.create_table(f"cached_{self._made}", expression, temp=True)

    def from_arrow(self, rows: pa.Table) -> ir.Table:
        """Registered without copying; the Arrow table is kept alive by the connection."""
        self._made += 1
        name = f"arrow_{self._made}"
        self.backend.con.register(name, rows)
        return self.backend.table(name)

    def view(self, expression: ir.Table) -> ir.Table:
        self._made += 1
        return self.backend.create_view(f"view_{self._made}", expression)

    def drop(self, view: ir.Table) -> None:
        self.backend.drop_view(view.get_name(), force=True)

    def map_batches(self, expression: ir.Table, apply: BatchFunction, schema: pa.Schema) -> ir.Table:
        batches = self.backend.to_pyarrow_batches(expression, chunk_size=_BATCH)
        return self.from_arrow(pa.Table.from_batches((apply(batch) for batch in batches), schema=schema))

    def from_parquet(self, files: Sequence[str]) -> ir.Table:
        """Parquet files of one version, with their columns united by name."""
        self._made += 1
        return self.backend.read_parquet(
            list(files), table_name=f"files_{self._made}", union_by_name=True, hive_partitioning=True
        )

    def write(self, expression: ir.Table, file: Path) -> None:
        """The rows of an expression as one Parquet file."""
        self.backend.to_parquet(expression, file, compression="zstd")

    def can(self, ability: str) -> bool:
        return ability in {"percentile_disc", "spill"}

    def close(self) -> None:
        self.backend.disconnect()
