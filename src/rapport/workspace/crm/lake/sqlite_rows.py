"""Rows out of SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from rapport.engine.crm.tables import Column, Type


def read_sqlite(
    table: str, columns: Sequence[tuple[Column, str]], where: str, values: Sequence[Any], *, chunk_rows: int
) -> Iterator[pa.Table]:
    """Chunks of rows, one Arrow column per declared column.

    The unary plus makes each an expression without a declared type, which keeps the driver from
    parsing every instant in Python.
    """
    listed = ", ".join(f'+"{kept}"' for _, kept in columns)
    schema = pa.schema([pa.field(column.name, column.arrow_type) for column, _ in columns])
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {listed} FROM "{table}" WHERE {where}', values)  # noqa: S608 -- our own names
        while rows := cursor.fetchmany(chunk_rows):
            arrays = [_array(column, kept) for (column, _), kept in zip(columns, zip(*rows, strict=True), strict=True)]
            yield pa.Table.from_arrays(arrays, schema=schema)


def _array(column: Column, kept: Sequence[Any]) -> pa.Array:
    match column.type:
        case Type.INSTANT:
            return pc.assume_timezone(pa.array(kept, pa.string()).cast(pa.timestamp("us")), "UTC")
        case Type.DATE:
            return pa.array(kept, pa.string()).cast(pa.date32())
        case Type.BOOLEAN:
            return pa.array(kept, pa.int8()).cast(pa.bool_())
        case Type.MONEY | Type.SCORE:
            return scaled(pa.array(kept, pa.int64()), column.arrow_type)
        case _:
            return pa.array(kept, column.arrow_type)


def scaled(numbers: pa.Array, decimal: pa.Decimal128Type) -> pa.Array:
    """Whole numbers of a decimal's smallest unit as that decimal: the same digits, read with its scale."""
    wide = numbers.cast(pa.decimal128(19, 0)).cast(pa.decimal128(38, 0))
    return pa.Array.from_buffers(pa.decimal128(38, decimal.scale), len(wide), wide.buffers()).cast(decimal)
