"""Rows of the database as Arrow, in the types that the tables declare.

Values are fetched as they are stored and become instants, decimals and booleans column by column in
Arrow, not value by value in Python: PostgreSQL through COPY, SQLite through its cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from django.db import connection
from django.db.models import Model

from rapport.engine.crm.tables import TABLES, Column, Table
from rapport.engine.execution.buckets import with_bucket
from rapport.workspace.crm.lake.postgres_rows import read_postgres
from rapport.workspace.crm.lake.sqlite_rows import read_sqlite
from rapport.workspace.lib.declared import published_models

CHUNK_ROWS = 20_000


@dataclass(frozen=True)
class Where:
    """A condition on rows: SQL over the table's own columns, with `%s` for each value."""

    sql: str
    values: tuple[Any, ...] = ()


def of_batch(batch: int) -> Where:
    return Where("batch = %s", (batch,))


def up_to_batch(batch: int) -> Where:
    return Where("batch <= %s", (batch,))


def later_than(batch: int) -> Where:
    """Rows that the lake's files up to `batch` do not hold."""
    return Where("batch > %s OR batch IS NULL", (batch,)) if batch else Where("1 = 1")


def read_rows(table: str, where: Where, *, buckets: int) -> Iterator[pa.Table]:
    """Chunks of rows in `arrow_schema` of the table, `bucket` included where it has one; none where no row is."""
    declared = TABLES[table]
    columns = _columns(declared, published_models()[table])
    read = read_postgres if connection.vendor == "postgresql" else read_sqlite
    for chunk in read(table, columns, where.sql, where.values, chunk_rows=CHUNK_ROWS):
        bucketed = with_bucket(chunk, buckets=buckets) if declared.bucketed else chunk
        yield bucketed.select(declared.arrow_schema.names)


def any_rows(table: str, where: Where) -> bool:
    return bool(tables_with_rows({table: where}))


def tables_with_rows(wheres: Mapping[str, Where]) -> set[str]:
    """Which of the tables have a row that meets its condition; one query for all of them."""
    if not wheres:
        return set()
    looks = [
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\" WHERE {where.sql})"  # noqa: S608 -- our own names
        for table, where in wheres.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(looks), [value for where in wheres.values() for value in where.values])
        return {name for (name,) in cursor.fetchall()}


def _columns(table: Table, model: type[Model]) -> Sequence[tuple[Column, str]]:
    """Each declared column and the database column that keeps it."""
    kept = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    return [(column, kept[column.name]) for column in table.columns.values() if column.name in kept]
