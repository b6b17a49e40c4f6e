"""Tiny companies: tables written as rows, and a runner that counts its queries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES, Type
from rapport.engine.execution.duckdb import DuckdbRunner

Rows = Sequence[Mapping[str, object]]
Company = Callable[..., Snapshot]


class CountingRunner:
    """A runner that counts how many queries it ran."""

    def __init__(self, runner: DuckdbRunner) -> None:
        self.inner = runner
        self.queries = 0
        self.name = runner.name

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        self.queries += 1
        return self.inner.to_arrow(expression)

    def cache(self, expression: ir.Table) -> ir.Table:
        self.queries += 1
        return self.inner.cache(expression)

    def from_arrow(self, rows: pa.Table) -> ir.Table:
        return self.inner.from_arrow(rows)

    def can(self, ability: str) -> bool:
        return self.inner.can(ability)

    def close(self) -> None:
        self.inner.close()


def at(text: str) -> datetime:
    """`2024-03-30` or `2024-03-30 23:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def arrow_rows(table: str, rows: Rows) -> pa.Table:
    """Rows of a CRM table in its declared types; instants and dates may be written as text, money as a number."""
    declared = TABLES[table]
    numbered = [{"id": f"{declared.entity}{i}", **row} for i, row in enumerate(rows, 1)]
    unknown = {name for row in numbered for name in row} - set(declared.columns)
    assert not unknown, f"{table} has no column {sorted(unknown)}"
    columns = {
        name: pa.array([_typed(column.type, row.get(name)) for row in numbered], column.arrow_type)
        for name, column in declared.columns.items()
    }
    return pa.table(columns)


def _typed(type_: Type, value: object) -> object:
    if isinstance(value, str) and type_ is Type.INSTANT:
        return at(value)
    if isinstance(value, str) and type_ is Type.DATE:
        return date.fromisoformat(value)
    if type_ is Type.JSON and value is not None and not isinstance(value, str):
        return json.dumps(value)
    if type_ in (Type.MONEY, Type.SCORE) and value is not None:
        return Decimal(str(value))
    return value


@pytest.fixture
def company(runner: DuckdbRunner) -> Company:
    """Makes a snapshot: `company(deals=[{...}], time_zone="Europe/Stockholm")`."""

    def make(
        *, time_zone: str = "UTC", currency: str = "EUR", settings: Mapping[str, object] | None = None, **tables: Rows
    ) -> Snapshot:
        made = {name: runner.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()}
        return Snapshot(made, time_zone=time_zone, currency=currency, settings=dict(settings or {}))

    return make


@pytest.fixture
def counting(runner: DuckdbRunner) -> CountingRunner:
    return CountingRunner(runner)
