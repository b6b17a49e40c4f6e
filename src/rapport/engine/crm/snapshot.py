"""A snapshot: the tables of a company at one moment, all of one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import ibis.expr.types as ir

from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import MissingColumn, MissingTable


@dataclass(frozen=True)
class Snapshot:
    """Tables by name (plural, as in `TABLES`), and how the company reckons.

    Attributes:
        tables: only those that some source fills. A column no source maps may be absent or all null.
        time_zone: IANA zone of the company's days, weeks and months.
        currency: ISO 4217 base currency of sums.
        recorded_until: by table, an instant after which none of its rows was recorded, so that nobody need look
            row by row; a table that is not named may hold later ones.
        version: what the tables were read from (lake version and delta), for the record.
    """

    tables: Mapping[str, ir.Table]
    time_zone: str = "UTC"
    currency: str = "EUR"
    version: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    recorded_until: Mapping[str, datetime] = field(default_factory=dict)

    def has(self, table: str) -> bool:
        return table in self.tables

    def table(self, name: str, *, needed_by: str) -> ir.Table:
        """The table, or MissingTable naming who needs it."""
        if name not in self.tables:
            raise MissingTable(name, needed_by=needed_by, present=self.tables)
        return self.tables[name]

    def column(self, path: str, *, needed_by: str) -> ir.Column:
        """`deals.closed_at` as a column of its table, or MissingColumn / MissingTable."""
        name, _, column = path.partition(".")
        table = self.table(name, needed_by=needed_by)
        if column not in table.columns:
            raise MissingColumn(f"{TABLES[name].entity}.{column}", needed_by=needed_by, present=table.columns)
        return table[column]

    def with_tables(self, tables: Mapping[str, ir.Table]) -> Snapshot:
        """The same snapshot with some tables replaced or added."""
        until = {name: instant for name, instant in self.recorded_until.items() if name not in tables}
        return replace(self, tables={**self.tables, **tables}, recorded_until=until)
