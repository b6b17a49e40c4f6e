"""Copies of one subject with all that belongs to it, so that things may happen to each that did not happen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import SUBJECT_TABLES
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES, Type
from rapport.engine.runner import Runner

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
_ALWAYS = ("attribute_history", "identity_links", "interaction_flags", "segment_memberships", "accounts", "contacts")


def rows_about(view: AsOf, subject: str, subject_id: str, *, tables: Collection[str], runner: Runner) -> Rows:
    """The rows of the given tables (and of those that every score reads) that belong to a subject or to its account."""
    names = [n for n in dict.fromkeys((SUBJECT_TABLES[subject], *_ALWAYS, *tables)) if view.has(n)]
    ids = {subject_id, *_accounts(view, subject, subject_id, runner)}
    found: Rows = {}
    for _ in range(2):  # the rows that name them, then what names these: histories, flags, links
        found = {name: _naming(view.snapshot.tables[name], name, ids, runner) for name in names}
        ids |= {row["id"] for rows in found.values() for row in rows if row.get("id")}
        ids |= {row[c] for row in found.get("identity_links", ()) for c in ("from_id", "to_id") if row.get(c)}
    return found


def copied(rows: Rows, *, of: str, count: int) -> tuple[Rows, list[str]]:
    """Each row so many times, every id with a mark of its copy; and the ids of the copies of `of`."""
    ids = {row["id"] for table in rows.values() for row in table if row.get("id")} | {of}
    ids |= {row[c] for row in rows.get("identity_links", ()) for c in ("from_id", "to_id") if row.get(c)}
    made = {
        name: [_marked(row, name, ids, copy) for copy in range(count) for row in table] for name, table in rows.items()
    }
    return made, [_mark(of, copy) for copy in range(count)]


def snapshot_of(rows: Rows, view: AsOf, runner: Runner) -> Snapshot:
    """A company that has these rows only; tables without any are there all the same, as they are mapped."""
    tables = {}
    for name, table in rows.items():
        schema = TABLES[name].arrow_schema
        known = [{field: row.get(field) for field in schema.names} for row in table]
        tables[name] = runner.from_arrow(pa.Table.from_pylist(known, schema=schema))
    kept = Snapshot(tables, time_zone=view.snapshot.time_zone, currency=view.snapshot.currency)
    empty = {n for n in ("identity_links", "interaction_flags", "attribute_history") if n in rows and not rows[n]}
    return kept if not empty else Snapshot({n: t for n, t in tables.items() if n not in empty}, **_reckoning(view))


def _reckoning(view: AsOf) -> dict[str, Any]:
    return {"time_zone": view.snapshot.time_zone, "currency": view.snapshot.currency}


def _accounts(view: AsOf, subject: str, subject_id: str, runner: Runner) -> list[str]:
    """The account that a contact or deal belongs to as of the instant."""
    if subject == "account":
        return []
    rows = view.table(SUBJECT_TABLES[subject], needed_by="a copy", columns=["account_id"])
    found = runner.to_arrow(rows.filter(rows.id == subject_id).select("account_id"))["account_id"].to_pylist()
    return [account for account in found if account]


def _naming(rows: ir.Table, name: str, ids: Collection[str], runner: Runner) -> list[dict[str, Any]]:
    """Rows in which an id column holds one of the ids."""
    columns = [c for c in _id_columns(name) if c in rows.columns]
    if not columns:
        return []
    wanted = list(ids)
    named = reduce(or_, [rows[c].cast("string").isin(wanted) for c in columns])
    found: list[dict[str, Any]] = runner.to_arrow(rows.filter(ibis.coalesce(named, False))).to_pylist()
    return found


def _id_columns(name: str) -> list[str]:
    return [c.name for c in TABLES[name].columns.values() if c.type is Type.ID]


def _marked(row: Mapping[str, Any], name: str, ids: Collection[str], copy: int) -> dict[str, Any]:
    columns = [*_id_columns(name), *(["value"] if name == "attribute_history" else [])]
    return {**row, **{c: _mark(row[c], copy) for c in columns if row.get(c) in ids}}


def _mark(key: str, copy: int) -> str:
    return f"{key}#{copy}"
