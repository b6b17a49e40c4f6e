"""Tiny CRM tables for tests: dictionaries in, a snapshot out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.runner import Runner


def at(*parts: int) -> datetime:
    """An instant in UTC: at(2024, 3, 30, 23, 30)."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def arrow(table: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of a declared table; columns not named are null."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES[table].arrow_schema)


def snapshot(runner: Runner, *, time_zone: str = "UTC", **tables: Sequence[Mapping[str, Any]]) -> Snapshot:
    """A snapshot of the tables named; the others are absent."""
    return Snapshot({name: runner.from_arrow(arrow(name, rows)) for name, rows in tables.items()}, time_zone=time_zone)
