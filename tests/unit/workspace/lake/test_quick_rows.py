"""Rows out of a SQLite file past Python are those that Django reads."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.lake.quick_rows import read_quickly

CONTACTS = TABLES["contacts"].columns
DEALS = TABLES["deals"].columns


def file_with(folder: Path, statement: str, rows: list[tuple[object, ...]]) -> str:
    file = folder / "rows.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute(statement)
        database.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(rows[0]))})", rows)
    return str(file)


def test_every_type_comes_as_declared(tmp_path: Path) -> None:
    names = {"id": CONTACTS["id"], "birth_date": CONTACTS["birth_date"], "created_at": CONTACTS["created_at"]}
    names |= {"recorded_at_assumed": CONTACTS["recorded_at_assumed"], "amount": DEALS["amount"]}
    rows: list[tuple[object, ...]] = [
        ("a", None, "2026-01-02 03:04:05.000006", 1, 12_345_678_901_234_567),
        ("b", "2000-02-29", "2026-01-02 03:04:05", 0, None),
    ]
    file = file_with(tmp_path, "CREATE TABLE t (id text, birth_date date, created_at datetime, f bool, m bigint)", rows)
    columns = list(zip(names.values(), ("id", "birth_date", "created_at", "f", "m"), strict=True))
    found = read_quickly(file, "t", columns, '"id" IN (SELECT value FROM json_each(%s))', (json.dumps(["a", "b"]),))
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("a", None, datetime(2026, 1, 2, 3, 4, 5, 6, UTC), True, Decimal("1234567890123.4567")),
        ("b", date(2000, 2, 29), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), False, None),
    ]
    assert found.schema.types == [column.arrow_type for column, _ in columns]


def test_a_text_that_comes_late_or_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(f"{n:05d}", None) for n in range(5000)] + [("99999", "007")]
    file = file_with(tmp_path, "CREATE TABLE t (id text, title text)", rows)
    columns = [(CONTACTS["id"], "id"), (CONTACTS["title"], "title")]
    found = read_quickly(file, "t", columns, "1 = 1", ())
    assert found["title"].to_pylist()[-1] == "007"
    assert found["id"].to_pylist()[:2] == ["00000", "00001"]


def test_what_is_committed_later_is_seen_by_the_next_statement(tmp_path: Path) -> None:
    file = file_with(tmp_path, "CREATE TABLE t (id text)", [("a",)])
    columns = [(CONTACTS["id"], "id")]
    assert len(read_quickly(file, "t", columns, "1 = 1", ())) == 1
    with sqlite3.connect(file) as database:
        database.execute("INSERT INTO t VALUES ('b')")
    assert len(read_quickly(file, "t", columns, "1 = 1", ())) == 2
    assert len(read_quickly(file, "t", columns, "id = %s", ("nobody",))) == 0
