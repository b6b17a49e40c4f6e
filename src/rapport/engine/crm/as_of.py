"""The tables as of an instant: what was known then, or what is known now of then.

*As known* at t: rows with `recorded_at <= t` and `occurred_at <= t`: no hindsight; what a backtest
reads. *As restated* at t: rows with `occurred_at <= t`, whatever was learnt later. A row without
one of the two instants is judged by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.history import values_as_of
from rapport.engine.crm.identity import fold_merged, resolve_references
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES, Change, Table, Type
from rapport.engine.errors import InternalError, MissingColumn


@dataclass(frozen=True)
class AsOf:
    """Views of a snapshot's tables as of one instant.

    Attributes:
        hindsight: False *as known*, True *as restated*.
    """

    snapshot: Snapshot
    at: datetime
    hindsight: bool = False

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InternalError("An as-of instant needs a time zone.", received=self.at.isoformat())

    def has(self, table: str) -> bool:
        return self.snapshot.has(table)

    def table(
        self,
        name: str,
        *,
        needed_by: str,
        columns: Sequence[str] | None = None,
        resolve: bool = True,
        dated: bool = False,
    ) -> ir.Table:
        """One row per row that stood at the instant, with the values it had then.

        Parameters:
            columns: what to read, `properties.<key>` too; `id` is always there. None reads all
                declared columns. Name only what is needed: each changeable column costs a look
                into `attribute_history`. A declared column that no source maps comes back all
                null; a name that is no column raises MissingColumn.
            resolve: follow identity links known at the instant: merged records are folded into
                the survivor (with the oldest `created_at`), references and anonymous ids lead to it.
            dated: leave out rows that do not say when they happened (`occurred_at` of the table).
        Null means unknown as of the instant, or empty.
        """
        table = TABLES[name]
        wanted = tuple(dict.fromkeys(columns if columns is not None else table.columns))
        unknown = [c for c in wanted if c not in table.columns and not c.startswith("properties.")]
        if unknown:
            raise MissingColumn(f"{table.entity}.{unknown[0]}", needed_by=needed_by, present=table.columns)
        read = _read(table, wanted, resolve=resolve)
        rows = _complete(self.snapshot.table(name, needed_by=needed_by), table, read)
        rows = rows.filter(self._stood(rows, table, dated=dated))
        rows = self._with_values(rows, table, wanted)
        if resolve:
            rows = fold_merged(resolve_references(rows, self, table), self, table)
        return rows.select("id", *(c for c in wanted if c != "id"))

    def _stood(self, rows: ir.Table, table: Table, *, dated: bool) -> ir.BooleanValue:
        recorded = rows.recorded_at
        occurred = rows[table.occurred_at] if table.occurred_at else recorded
        # written without coalesce, so that engines look it up in the statistics of files instead of row by row
        happened = occurred <= self._at if dated else (occurred <= self._at) | occurred.isnull()
        if self.hindsight:
            return happened if dated else happened & (occurred.notnull() | (recorded <= self._at) | recorded.isnull())
        until = self.snapshot.recorded_until.get(table.name)
        if until is not None and until <= self.at:
            return happened  # a column not asked for is not read either
        return happened & ((recorded <= self._at) | recorded.isnull())

    def _with_values(self, rows: ir.Table, table: Table, wanted: Sequence[str]) -> ir.Table:
        """Changeable columns from their history, instants after `at` emptied, deleted rows dropped."""
        changing = [c.name for c in table.changeable if c.name in wanted or c.name == "deleted_at"]
        changing += [c for c in wanted if c.startswith("properties.") and table.changeable]
        if changing:
            rows = values_as_of(rows, self, table, changing)
        later = [
            c
            for c in table.instants
            if c in rows.columns
            and c != table.occurred_at  # the row would not stand
            and (table.columns[c].change is not Change.CHANGEABLE or table.columns[c].type is not Type.INSTANT)
        ]
        rows = rows.mutate(**{c: ibis.ifelse(rows[c] <= self._at, rows[c], ibis.null()) for c in later})
        return rows.filter(rows.deleted_at.isnull()) if "deleted_at" in table.columns else rows

    @property
    def _at(self) -> ir.TimestampScalar:
        return ibis.literal(self.at, type="timestamp('UTC', 6)")


def as_known(snapshot: Snapshot, at: datetime) -> AsOf:
    """The tables with what the company knew at `at`."""
    return AsOf(snapshot, at)


def as_restated(snapshot: Snapshot, at: datetime) -> AsOf:
    """The tables with what is known today of `at`."""
    return AsOf(snapshot, at, hindsight=True)


def _read(table: Table, wanted: Sequence[str], *, resolve: bool) -> frozenset[str]:
    """Declared columns that the answer rests on.

    The others are left out from the beginning: a reference that nobody asked for is not followed, and engines that
    plan every column they are shown are not shown it.
    """
    own = {"id", "recorded_at", "deleted_at", table.occurred_at, *wanted}
    if any(name.startswith("properties.") for name in wanted):
        own.add("properties")
    if resolve and table.entity in ("contact", "account"):
        own.add("created_at")  # the survivor of a merge has the oldest
    if resolve and "contact_id" in wanted:
        own.add("anonymous_id")  # leads to the contact
    return frozenset(name for name in own if name in table.columns)


def _complete(rows: ir.Table, table: Table, read: frozenset[str]) -> ir.Table:
    """The table with the declared columns to be read, in their declared types; those no source maps are null."""
    present = set(rows.columns)
    columns = {
        c.name: (rows[c.name] if rows[c.name].type() == c.ibis_type else rows[c.name].cast(c.ibis_type))
        if c.name in present
        else ibis.null().cast(c.ibis_type)
        for c in table.columns.values()
        if c.name in read
    }
    return rows.select(**columns)
