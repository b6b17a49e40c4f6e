"""Committed rows out of SQLite as Arrow, without passing through Python: several statements may run side by side.

Used by the real-time loop, which reads thousands of rows a second. Connections are the driver's own, one a thread, for
reading only; rows of a transaction under way are not seen.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_sqlite import dbapi
from django.db import connection

from rapport.engine.crm.tables import Column, Type
from rapport.workspace.crm.lake.sqlite_rows import scaled

_ROWS_AT_ONCE = 1_000_000  # a type is told from the first rows that come together: all of them
_MMAP_BYTES = 1 << 33
_PATIENCE_MS = 20_000  # after a writer was killed the first to come mends the log, and the others wait for that
_LOCAL = threading.local()


def can_read_quickly() -> bool:
    """On SQLite in a file, outside transactions."""
    name = str(connection.settings_dict["NAME"])
    return connection.vendor == "sqlite" and not connection.in_atomic_block and Path(name).is_file()


def read_quickly(
    file: str, table: str, columns: Sequence[tuple[Column, str]], where: str, values: Sequence[Any]
) -> pa.Table:
    """The rows, one Arrow column per declared column."""
    listed = ", ".join(f'"{kept}"' for _, kept in columns)
    with _connection(file).cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _ROWS_AT_ONCE})
        cursor.execute(f'SELECT {listed} FROM "{table}" WHERE {where.replace("%s", "?")}', values)  # noqa: S608 -- our own names
        rows = cursor.fetch_arrow_table()
    arrays = [_array(column, rows.column(position)) for position, (column, _) in enumerate(columns)]
    return pa.table(arrays, schema=pa.schema([pa.field(column.name, column.arrow_type) for column, _ in columns]))


def _connection(file: str) -> dbapi.Connection:
    opened: tuple[str, dbapi.Connection] | None = getattr(_LOCAL, "opened", None)
    if opened is None or opened[0] != file:
        reader = dbapi.connect(f"file:{file}?mode=ro", autocommit=True)
        with reader.cursor() as cursor:
            for setting in (f"mmap_size = {_MMAP_BYTES}", f"busy_timeout = {_PATIENCE_MS}"):
                cursor.execute(f"PRAGMA {setting}")
                cursor.fetchall()
        opened = _LOCAL.opened = (file, reader)
    return opened[1]


def _array(column: Column, kept: pa.ChunkedArray) -> pa.ChunkedArray:
    if kept.null_count == len(kept):
        return pa.chunked_array([pa.nulls(len(kept), column.arrow_type)])
    match column.type:
        case Type.INSTANT:
            return pc.assume_timezone(kept.cast(pa.timestamp("us")), "UTC")
        case Type.MONEY | Type.SCORE:
            return pa.chunked_array([scaled(kept.combine_chunks(), column.arrow_type)])
        case _:
            return kept.cast(column.arrow_type)
