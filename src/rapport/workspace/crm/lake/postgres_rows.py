"""Rows out of PostgreSQL, through COPY."""

from __future__ import annotations

import io
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


class _Sent(io.RawIOBase):
    """The blocks of a COPY as a file."""

    def __init__(self, copy: Any) -> None:
        self._blocks = iter(copy)
        self._held = b""

    def has_rows(self) -> bool:
        """Whether anything follows the header line."""
        head = bytes(next(self._blocks, b""))
        second = next(self._blocks, None)
        self._held = head + bytes(second or b"")
        return second is not None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._held = bytes(block)
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size
