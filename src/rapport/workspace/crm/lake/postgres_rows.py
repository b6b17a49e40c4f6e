"""Rows out of PostgreSQL, through COPY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
from django.db import connection

from rapport.engine.crm.tables import Column, Type
from rapport.workspace.crm.lake.sqlite_rows import scaled

_BLOCK_BYTES = 16 << 20  # of CSV read at once; a row must fit in it

_SENT: dict[Type, pa.DataType] = {
    Type.INSTANT: pa.int64(),  # microseconds since 1970
    Type.MONEY: pa.int64(),
    Type.SCORE: pa.int64(),
    Type.DATE: pa.string(),
}


def read_postgres(
    table: str, columns: Sequence[tuple[Column, str]], where: str, values: Sequence[Any], *, chunk_rows: int
) -> Iterator[pa.Table]:
    """Chunks of rows, one Arrow column per declared column; a chunk is what came in one block."""
    listed = ", ".join(_selected(column, kept) for column, kept in columns)
    query = f'COPY (SELECT {listed} FROM "{table}" WHERE {where}) TO STDOUT (FORMAT csv, HEADER true)'  # noqa: S608 -- our own names
    with connection.cursor() as cursor, cursor.copy(query, tuple(values) or None) as copy:
        sent = _Sent(copy)
        if not sent.has_rows():
            return
        blocks = csv.open_csv(
            sent,
            read_options=csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=_conversion([column for column, _ in columns]),
        )
        for block in blocks:
            yield _table([column for column, _ in columns], block)


def _selected(column: Column, kept: str) -> str:
    match column.type:
        case Type.INSTANT:
            return f'(extract(epoch FROM "{kept}") * 1000000)::bigint AS "{column.name}"'
        case Type.JSON | Type.DATE:
            return f'"{kept}"::text AS "{column.name}"'
        case _:
            return f'"{kept}" AS "{column.name}"'


def _conversion(columns: Sequence[Column]) -> csv.ConvertOptions:
    """Null is nothing, an empty text is two quotes."""
    return csv.ConvertOptions(
        column_types={column.name: _SENT.get(column.type, column.arrow_type) for column in columns},
        true_values=["t"],
        false_values=["f"],
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )


def _table(columns: Sequence[Column], block: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_arrays(
        [_array(column, block.column(column.name)) for column in columns],
        schema=pa.schema([pa.field(column.name, column.arrow_type) for column in columns]),
    )


def _array(column: Column, sent: pa.Array) -> pa.Array:
    match column.type:
        case Type.MONEY | Type.SCORE:
            return scaled(sent, column.arrow_type)
        case _:
            return sent.cast(column.arrow_type)


class _Sent:
    """The rows of a COPY, which come one by one, as a file that is read in large blocks."""

    closed = False

    def __init__(self, copy: Any) -> None:
        self._rows: Iterator[bytes] = (bytes(row) for row in copy)
        self._left = b""

    def has_rows(self) -> bool:
        """Whether anything follows the header line."""
        self._left = next(self._rows, b"")
        second = next(self._rows, b"")
        self._left += second
        return bool(second)

    def read(self, size: int = -1) -> bytes:
        gathered, length = [self._left], len(self._left)
        while (size < 0 or length < size) and (row := next(self._rows, None)) is not None:
            gathered.append(row)
            length += len(row)
        whole = b"".join(gathered)
        end = len(whole) if size < 0 else size
        self._left = whole[end:]
        return whole[:end]

    def close(self) -> None:
        """The COPY is closed by who opened it."""
