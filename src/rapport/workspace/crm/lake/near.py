"""The rows behind some subjects' scores, by index, straight from the database: what a real-time update reads.

The database holds every row, published or not, so that no file is opened. Only the columns that are asked for are
fetched; the others are null. A table that holds rows of others only is there, and empty: it is mapped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np
import pyarrow as pa
from django.db import connection

from rapport.engine.crm.tables import TABLES, Column, Kind, Table
from rapport.workspace.crm.lake.postgres_rows import read_postgres
from rapport.workspace.crm.lake.quick_rows import can_read_quickly, read_quickly
from rapport.workspace.crm.lake.rows import CHUNK_ROWS, Where, tables_with_rows
from rapport.workspace.crm.lake.sqlite_rows import read_sqlite
from rapport.workspace.crm.lake.subjects import LEADS_TO
from rapport.workspace.lib.declared import published_models

_LINKS_FOLLOWED = 5
_WORTH_SPLITTING = 100  # contacts, whose rows are then read in two halves side by side
_BY_SUBJECT = ("segment_memberships",)
_OF_DEALS = ("deals", "orders", "interactions", "deal_stage_visits", "proposals")


@dataclass(frozen=True, kw_only=True)
class Near:
    """Ids of records whose rows matter to some subjects: themselves, who was merged with them, whom they belong to.

    visitors: anonymous ids that turned out to be one of the contacts.
    wide: what accounts' other contacts did matters too.
    """

    contacts: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    deals: frozenset[str] = frozenset()
    visitors: frozenset[str] = frozenset()
    wide: bool = False


def present_tables(names: Iterable[str]) -> set[str]:
    """Which tables hold a row, of whomever."""
    kept = published_models()
    return tables_with_rows({name: Where("1 = 1") for name in names if name in kept})


def near(*, contacts: Collection[str], accounts: Collection[str], deals: Collection[str], wide: bool) -> Near:
    """Everybody whose rows matter to these subjects.

    Parameters: wide, whether an account's scores, or measures over its other records, are asked for.
    """
    known = Near(
        contacts=frozenset(contacts), accounts=frozenset(accounts), deals=frozenset(deals), wide=wide or bool(accounts)
    )
    known = _with_owners_of_deals(known)
    known = replace(known, contacts=with_merged(known.contacts))
    known = replace(known, accounts=with_merged(known.accounts | _accounts_of(known.contacts)))
    if known.wide:
        members = _ids("contacts", "id", _in("account_id", known.accounts))
        known = replace(known, contacts=known.contacts | with_merged(members))
        known = replace(known, deals=known.deals | _ids("deals", "id", _in("account_id", known.accounts)))
    return replace(known, visitors=_ids("identity_links", "from_id", _in("to_id", known.contacts)))


def ids_where(table: str, column: str, key: str, ids: Collection[str]) -> frozenset[str]:
    """The values of a column in the rows whose `key` is one of `ids`."""
    return _ids(table, column, _in(key, ids))


def rows_near(known: Near, columns: Mapping[str, Collection[str]], pool: Executor | None = None) -> dict[str, pa.Table]:
    """The rows of each table named, with its declared columns; those not named beside it are null.

    Parameters: pool, in which statements run side by side where the database allows.
    """
    found: dict[str, pa.Table] = {}
    quick = pool if can_read_quickly() else None
    for _, names in groupby(sorted(columns, key=_order), key=lambda name: _order(name)[0]):
        asked = {name: _asked(TABLES[name], _where(name, known, found), columns[name], quick) for name in names}
        found |= {name: _together(TABLES[name], parts) for name, parts in asked.items()}
    return found


def _order(table: str) -> tuple[int, str]:
    """Rows that lead to others come before them."""
    if table == "attribute_history":
        return 3, table
    through = LEADS_TO.get(table, ("", "contacts"))[1]
    return (0 if through == "contacts" else 1), table


def _where(table: str, known: Near, found: Mapping[str, pa.Table]) -> list[Where]:
    """The alternatives of which a row must meet one."""
    if table in LEADS_TO and LEADS_TO[table][1] == "contacts":
        return _about_people(TABLES[table], LEADS_TO[table][0], known)
    return [_condition(table, known, found)]


def _condition(table: str, known: Near, found: Mapping[str, pa.Table]) -> Where:
    if table in ("contacts", "accounts"):
        return _in("id", getattr(known, table))
    if table == "identity_links":
        ids = known.contacts | known.accounts
        ends = [_in("from_id", ids), _in("to_id", ids)]
        return Where(" OR ".join(end.sql for end in ends), tuple(value for end in ends for value in end.values))
    if table == "attribute_history":
        records = known.contacts | known.accounts | known.deals
        read = [rows["id"].to_pylist() for name, rows in found.items() if TABLES[name].kind is Kind.RECORD]
        return _in("entity_id", records.union(*read))
    if table in _BY_SUBJECT:
        return _in("subject_id", known.contacts | known.accounts | known.deals)
    if table not in LEADS_TO:
        return Where("1 = 1")
    column, through = LEADS_TO[table]
    ids = known.deals if through == "deals" else frozenset()
    return _in(column, {*ids, *(found[through]["id"].to_pylist() if through in found else _through(through, known))})


def _about_people(table: Table, column: str, known: Near) -> list[Where]:
    contacts = sorted(known.contacts)
    half = (len(contacts) + 1) // 2 if len(contacts) >= _WORTH_SPLITTING else len(contacts)
    parts = [_in(column, some) for some in (contacts[:half], contacts[half:])]
    if "anonymous_id" in table.columns and known.visitors:
        visitor = _in("anonymous_id", known.visitors)
        parts.append(Where(f'"anonymous_id" IS NOT NULL AND "contact_id" IS NULL AND {visitor.sql}', visitor.values))
    if known.wide and "account_id" in table.columns:
        parts.append(_in("account_id", known.accounts))
    if known.deals and table.name in _OF_DEALS:
        parts.append(_in("id" if table.name == "deals" else "deal_id", known.deals))
    return [part for part in parts if part.sql != _NOBODY] or [Where(_NOBODY)]


def _through(table: str, known: Near) -> frozenset[str]:
    """Ids of rows that lead to others, where these rows themselves are not read."""
    return frozenset[str]().union(*(_ids(table, "id", where) for where in _where(table, known, {})))


def _with_owners_of_deals(known: Near) -> Near:
    if not known.deals:
        return known
    mine = _in("id", known.deals)
    of_deals = {c: _ids("deals", c, mine) | _history("deal", c, known.deals) for c in ("contact_id", "account_id")}
    return replace(
        known, contacts=known.contacts | of_deals["contact_id"], accounts=known.accounts | of_deals["account_id"]
    )


def _accounts_of(contacts: Collection[str]) -> frozenset[str]:
    """The accounts that contacts belong to, or belonged to."""
    return _ids("contacts", "account_id", _in("id", contacts)) | _history("contact", "account_id", contacts)


def _history(entity: str, attribute: str, ids: Collection[str]) -> frozenset[str]:
    """Every value that a column of these records ever had."""
    mine = _in("entity_id", ids)
    where = Where(f"{mine.sql} AND entity = %s AND attribute = %s", (*mine.values, entity, attribute))
    return _ids("attribute_history", "value", where)


def with_merged(ids: frozenset[str]) -> frozenset[str]:
    """The ids, and those linked with them."""
    known, new = ids, ids
    for _ in range(_LINKS_FOLLOWED):
        linked = _ids("identity_links", "from_id", _in("to_id", new)) | _ids(
            "identity_links", "to_id", _in("from_id", new)
        )
        new = linked - known
        known |= linked
        if not new:
            break
    return known


def _ids(table: str, column: str, where: Where) -> frozenset[str]:
    if where.sql == _NOBODY:
        return frozenset()
    with connection.cursor() as cursor:
        sql = f'SELECT DISTINCT "{column}" FROM "{table}" WHERE ({where.sql}) AND "{column}" IS NOT NULL'  # noqa: S608 -- our own names
        cursor.execute(sql, where.values)
        return frozenset(value for (value,) in cursor.fetchall())


def _asked(
    table: Table, wheres: list[Where], columns: Collection[str], pool: Executor | None
) -> list[Callable[[], pa.Table]]:
    """The rows of each alternative, for when they are needed."""
    if pool is None:
        return [partial(_read, table, where, columns) for where in wheres]
    file, wanted = str(connection.settings_dict["NAME"]), _wanted(table, columns)
    return [
        pool.submit(read_quickly, file, table.name, wanted, where.sql, where.values).result
        for where in wheres
        if where.sql != _NOBODY
    ]


def _wanted(table: Table, columns: Collection[str]) -> list[tuple[Column, str]]:
    kept = {field.attname: str(field.column) for field in published_models()[table.name]._meta.concrete_fields}
    return [(column, kept[column.name]) for column in table.columns.values() if column.name in {"id", *columns}]


def _read(table: Table, where: Where, columns: Collection[str]) -> pa.Table:
    wanted = _wanted(table, columns)
    read = read_postgres if connection.vendor == "postgresql" else read_sqlite
    chunks = [] if where.sql == _NOBODY else read(table.name, wanted, where.sql, where.values, chunk_rows=CHUNK_ROWS)
    schema = pa.schema([pa.field(column.name, column.arrow_type) for column, _ in wanted])
    return pa.concat_tables([schema.empty_table(), *chunks])


def _together(table: Table, parts: list[Callable[[], pa.Table]]) -> pa.Table:
    """The rows of all alternatives, each once, with every declared column."""
    read = [rows for part in parts if len(rows := part())]
    if len(read) <= 1:
        return _padded(read[0] if read else pa.table({}), table)
    rows = pa.concat_tables(read)
    _, first = np.unique(rows["id"].to_numpy(), return_index=True)
    return _padded(rows if len(first) == len(rows) else rows.take(np.sort(first)), table)


def _padded(rows: pa.Table, table: Table) -> pa.Table:
    """With every declared column."""
    given = set(rows.schema.names)
    columns = {
        c.name: rows[c.name] if c.name in given else pa.nulls(len(rows), c.arrow_type) for c in table.columns.values()
    }
    return pa.table(columns)


_NOBODY = "1 = 0"


def _in(column: str, ids: Collection[str]) -> Where:
    """One parameter, however many ids: the statement stays the same."""
    if not ids:
        return Where(_NOBODY)
    if connection.vendor == "postgresql":
        return Where(f'"{column}" = ANY(%s)', (sorted(ids),))
    return Where(f'"{column}" IN (SELECT value FROM json_each(%s))', (json.dumps(sorted(ids)),))  # noqa: S608
