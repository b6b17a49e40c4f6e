"""Rows of exported tables as Arrow, by month, and by what one can tell that nothing has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from rapport.engine.crm.tables import TABLES, Kind, Type
from rapport.workspace.crm.lake.postgres_rows import read_postgres
from rapport.workspace.crm.lake.sqlite_rows import read_sqlite
from rapport.workspace.crm.records.models import IdentityLink
from rapport.workspace.metrics.exports.tables import METRICS_DAILY, SEGMENTS, Exported, told
from rapport.workspace.metrics.exports.view_sql import description
from rapport.workspace.metrics.segments.models import Segment

CHUNK_ROWS = 20_000
_MOST_AT_ONCE = 500_000  # rows of the months that one query fetches
_LONGEST_CHAIN = 32  # of merges
_UNTRACKED = ("users", "teams")  # small, and not every change of them leaves a trace


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rows of one file. month: `2026-03`, or None where all rows of a table are in one file.

    fingerprint: the same as long as the rows are; None where that cannot be told without reading them.
    """

    month: str | None
    rows: int
    fingerprint: str | None


def schema_of(table: Exported, *, with_personal_data: bool) -> pa.Schema:
    """Every column with its description; those that are not told are there too, and null."""
    fields = [
        pa.field(column.name, column.arrow_type, metadata={"description": description(column, shown=shown)})
        for column, shown in told(table, with_personal_data=with_personal_data)
    ]
    return pa.schema(fields)


def parts_of(table: Exported) -> list[Part]:
    """The files that a table needs, the oldest month first; a table that is not cut by month has one, be it empty."""
    changed = f"max({table.changed_at})" if table.changed_at else "NULL"
    told_of = f"FROM {table.kept_in} WHERE {table.where}"
    if table.by_month_of is None:
        count, newest = _asked(f"SELECT count(*), {changed} {told_of}")[0]
        return [Part(month=None, rows=count, fingerprint=_fingerprint(table, count, newest, *_history(table)))]
    found = _asked(f"SELECT {_month(table)}, count(*), {changed} {told_of} GROUP BY 1 ORDER BY 1")
    history = () if _is_settled(table) else _history(table)
    return [Part(month=m, rows=n, fingerprint=_fingerprint(table, n, newest, *history)) for m, n, newest in found]


def data_through(table: Exported) -> datetime | None:
    """The newest instant that the rows tell of: when something happened, else when a row came or changed."""
    column = table.by_month_of if table.by_month_of and table is not METRICS_DAILY else table.changed_at
    if column is None:
        return None
    newest = f"SELECT max({column}) FROM {table.kept_in} WHERE {table.where}"  # noqa: S608 -- our own names
    return as_instant(_asked(newest)[0][0])


def rows_by_month(
    table: Exported, months: Sequence[Part], *, with_personal_data: bool
) -> Iterator[tuple[str | None, Iterator[pa.Table]]]:
    """Each of the months, in order, with its rows in chunks; read them before going on to the next month."""
    if table.by_month_of is None:
        yield None, _read(table, table.where, (), with_personal_data=with_personal_data)
        return
    for first, last in _at_once(months):
        where = f"({table.where}) AND {table.by_month_of} >= %s AND {table.by_month_of} < %s"
        bounds = (_start(table, first), _start(table, _next(last)))
        chunks = _read(table, where, bounds, with_personal_data=with_personal_data)
        pieces = (piece for chunk in chunks for piece in _by_month(chunk, table.by_month_of))
        for month, found in groupby(pieces, key=lambda piece: piece[0]):
            yield month, (rows for _, rows in found)


def as_instant(value: Any) -> datetime | None:
    """An instant as the database told it: SQLite keeps texts in UTC."""
    if value is None or (isinstance(value, datetime) and value.tzinfo is not None):
        return value
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


def _read(table: Exported, where: str, values: Sequence[Any], *, with_personal_data: bool) -> Iterator[pa.Table]:
    schema = schema_of(table, with_personal_data=with_personal_data)
    shown = {c.name for c, is_told in told(table, with_personal_data=with_personal_data) if is_told}
    columns = [(column, column.name) for column in table.columns if column.name in shown]
    order = ", ".join(dict.fromkeys((*([table.by_month_of] if table.by_month_of else []), *table.key)))
    read = read_postgres if connection.vendor == "postgresql" else read_sqlite
    added = _Added(table)
    for chunk in read(table.kept_in, columns, f"({where}) ORDER BY {order}", values, chunk_rows=CHUNK_ROWS):
        arrays = [
            added.array(field.name, chunk) if field.name in added.names
            else chunk[field.name] if field.name in chunk.column_names
            else pa.nulls(len(chunk), field.type)
            for field in schema
        ]  # fmt: skip
        yield pa.Table.from_arrays(arrays, schema=schema)


class _Added:
    """The columns of a table that are made from kept ones."""

    def __init__(self, table: Exported) -> None:
        self.names = frozenset(column.name for column in table.added)
        self._titles = dict(Segment.objects.values_list("name", "title")) if "title" in self.names else {}
        self._merged = _survivors(TABLES[table.kept_in].entity) if "survivor_id" in self.names else {}

    def array(self, name: str, chunk: pa.Table) -> pa.Array:
        if name == "is_current":
            return pc.is_null(chunk["left_at"])
        if name == "title":
            return pa.array([self._titles.get(segment) for segment in chunk["segment"].to_pylist()], pa.string())
        if not self._merged:
            return chunk["id"]
        return pa.array([self._merged.get(one, one) for one in chunk["id"].to_pylist()], pa.string())


def _survivors(entity: str) -> dict[str, str]:
    """The last survivor of each record that gave way; the newest link of an id counts, `unmerge` takes it back."""
    links = IdentityLink.objects.filter(entity=entity).order_by("recorded_at", "pk")
    newest = {from_id: (to_id, kind) for from_id, to_id, kind in links.values_list("from_id", "to_id", "kind")}
    onward = {from_id: to_id for from_id, (to_id, kind) in newest.items() if kind != "unmerge"}
    found = {}
    for first in onward:
        last = first
        for _ in range(_LONGEST_CHAIN):
            if last not in onward:
                break
            last = onward[last]
        found[first] = last
    return found


def _by_month(chunk: pa.Table, column: str) -> Iterator[tuple[str, pa.Table]]:
    """Rows in order of the column, cut where a month ends."""
    numbers = pc.add(pc.multiply(pc.year(chunk[column]), 12), pc.subtract(pc.month(chunk[column]), 1))
    for number in pc.unique(numbers).to_pylist():
        yield f"{number // 12:04d}-{number % 12 + 1:02d}", chunk.filter(pc.equal(numbers, number))


def _at_once(months: Sequence[Part]) -> Iterator[tuple[str, str]]:
    """First and last month of what one query fetches: months that follow each other in what is asked for."""
    first, last, rows = "", "", 0
    for part in months:
        assert part.month is not None
        if first and (part.month != _next(last) or rows + part.rows > _MOST_AT_ONCE):
            yield first, last
            first, rows = "", 0
        first, last, rows = first or part.month, part.month, rows + part.rows
    if first:
        yield first, last


def _next(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def _start(table: Exported, month: str) -> Any:
    """The first instant (UTC) or day of a month, as the database compares it."""
    first = date(int(month[:4]), int(month[5:]), 1)
    if table.by_month_of == "day":
        return first if connection.vendor == "postgresql" else first.isoformat()
    at = datetime(first.year, first.month, 1, tzinfo=UTC)
    return at if connection.vendor == "postgresql" else str(at.replace(tzinfo=None))


def _month(table: Exported) -> str:
    if connection.vendor == "sqlite":
        return f"substr({table.by_month_of}, 1, 7)"
    zoned = table.by_month_of if table.by_month_of == "day" else f"{table.by_month_of} AT TIME ZONE 'UTC'"
    return f"to_char({zoned}, 'YYYY-MM')"


def _is_settled(table: Exported) -> bool:
    """Whether rows of a month differ only where their number or their newest `changed_at` differs."""
    return table.settled or table is METRICS_DAILY


def _history(table: Exported) -> tuple[Any, ...]:
    """What tells of changes to rows that are there: each leaves a row of history."""
    found: tuple[Any, ...] = ()
    declared = TABLES.get(table.kept_in)
    if declared is not None and declared.kind is Kind.RECORD:
        asked = "SELECT count(*), max(ingested_at) FROM attribute_history WHERE entity = %s"
        found = _asked(asked, declared.entity)[0]
    if any(column.name == "survivor_id" for column in table.added) and declared is not None:
        asked = "SELECT count(*), max(ingested_at) FROM identity_links WHERE entity = %s"
        found += _asked(asked, declared.entity)[0]
    if table is SEGMENTS:
        found += _asked("SELECT count(*), count(deleted_at), max(changed_at) FROM segments")[0]
    return found


def _fingerprint(table: Exported, *told_by: Any) -> str | None:
    if table.name in _UNTRACKED:
        return None
    return json.dumps([str(one) for one in told_by])


def _asked(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return list(cursor.fetchall())


def type_name(kind: Type) -> str:
    """The type of a column in words of Parquet, for the manifest."""
    return {
        Type.INTEGER: "int64", Type.NUMBER: "double", Type.MONEY: "decimal(18,4)", Type.SCORE: "decimal(18,6)",
        Type.BOOLEAN: "boolean", Type.INSTANT: "timestamp(us, UTC)", Type.DATE: "date", Type.JSON: "string (JSON)",
    }.get(kind, "string")  # fmt: skip
