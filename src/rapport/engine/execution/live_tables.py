"""Tables of one DuckDB whose rows are swapped without touching its catalogue, so that what is prepared stays so."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.duckdb import DuckdbRunner


class LiveRows:
    """Rows that may be swapped: DuckDB asks for them anew whenever a statement runs."""

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.rows.__arrow_c_stream__(requested_schema)


class LiveTables:
    """Tables under stable names in one DuckDB, whose rows are swapped in before each run."""

    def __init__(self, runner: DuckdbRunner) -> None:
        self.runner = runner
        self._made = 0
        self._rows = {name: LiveRows(_empty(name)) for name in TABLES}
        for name, rows in self._rows.items():
            runner.backend.con.register(_live(name), rows)

    def swap(self, rows: Mapping[str, pa.Table]) -> None:
        """Rows with every declared column of their table; those of other tables stay."""
        for name, table in rows.items():
            self._rows[name].rows = table

    def table(self, name: str) -> ir.Table:
        """A table with the rows now swapped in."""
        return self.runner.backend.table(_live(name))

    def clear(self) -> None:
        """Hold no rows any longer than they are needed."""
        self.swap({name: _empty(name) for name in TABLES})

    def prefix(self) -> str:
        self._made += 1
        return f"q{self._made}"


def _empty(table: str) -> pa.Table:
    return pa.schema([pa.field(c.name, c.arrow_type) for c in TABLES[table].columns.values()]).empty_table()


def _live(table: str) -> str:
    return f"live_{table}"
