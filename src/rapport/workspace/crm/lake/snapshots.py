"""Opening a snapshot: every table at one moment, the lake's files plus what has not reached them yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES, Table
from rapport.engine.execution.buckets import BUCKETS
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.lake import LakeVersion
from rapport.engine.execution.lake_lock import reading
from rapport.engine.execution.newest import recorded_until
from rapport.workspace.crm.lake.engines import new_runner
from rapport.workspace.crm.lake.models import LakeBatch, LakeState, LakeWithdrawal
from rapport.workspace.crm.lake.publishing import check_fits, lake_of
from rapport.workspace.crm.lake.rows import Where, later_than, read_rows, tables_with_rows
from rapport.workspace.crm.lake.subjects import rows_about, with_merged
from rapport.workspace.lib.declared import published_models
from rapport.workspace.lib.read_transaction import read_transaction
from rapport.workspace.options import lake_folder

NO_FILES = LakeVersion(0, -1, ())


@dataclass(frozen=True)
class TableParts:
    """A table as a snapshot holds it: files of the lake, rows that are later, and ids of rows in files that were
    taken back."""

    lake: LakeVersion
    rows: pa.Table
    withdrawn: tuple[str, ...] = ()


@contextmanager
def open_snapshot(
    *,
    tables: Iterable[str] | None = None,
    runner: DuckdbRunner | None = None,
    subjects: Collection[str] | None = None,
) -> Iterator[tuple[Snapshot, DuckdbRunner]]:
    """Every committed row at one moment, and the engine to ask.

    Parameters: tables to read, all by default (fewer open faster); runner to use, else one is made
    with the bounds of the installation and closed at the end; subjects, ids of the only contacts
    that matter: their rows are then read by index from the database, without the lake.
    A table without any row is left out. Files are held until the block ends.
    Raises: LakeMismatch where the lake belongs to a later state of the database.
    """
    with reading(lake_folder()), nullcontext(runner) if runner else new_runner() as engine:
        chosen = set(TABLES if tables is None else tables)
        wanted = [name for name in TABLES if name in chosen]
        parts = _consistent_parts(wanted) if subjects is None else _parts_about(wanted, subjects)
        yield (
            Snapshot(
                tables={name: _table(TABLES[name], part, engine) for name, part in parts.items() if _filled(part)},
                time_zone=settings.REPORTING_TIME_ZONE,
                currency=settings.BASE_CURRENCY,
                version=_version(parts),
                recorded_until={n: until for n, part in parts.items() if (until := _recorded_until(part)) is not None},
            ),
            engine,
        )


def _consistent_parts(tables: list[str]) -> Mapping[str, TableParts]:
    """Files first, then the rows later than them: rows never leave the database, so none is missed, and what a batch
    in the files holds is settled, so none is doubled. A rebuild in between starts the reading over."""
    while True:
        state = LakeState.objects.filter(id=1).first()
        lake = lake_of(state) if state else None
        versions = {name: lake.version(name) if lake else NO_FILES for name in tables}
        with read_transaction():
            if _incarnation() != (state.incarnation if state else None):
                continue
            _check(versions)
            buckets, taken_back = state.buckets if state else BUCKETS, _withdrawn(versions)
            rows = _rows({name: later_than(version.batch) for name, version in versions.items()}, buckets)
            return {n: TableParts(version, rows[n], taken_back.get(n, ())) for n, version in versions.items()}


def _parts_about(tables: list[str], contacts: Collection[str]) -> Mapping[str, TableParts]:
    with read_transaction():
        known = with_merged(contacts)
        rows = _rows({name: rows_about(name, known) for name in tables}, BUCKETS)
        return {name: TableParts(NO_FILES, rows[name]) for name in tables}


def _incarnation() -> str | None:
    return LakeState.objects.filter(id=1).values_list("incarnation", flat=True).first()


def _withdrawn(versions: Mapping[str, LakeVersion]) -> Mapping[str, tuple[str, ...]]:
    """Ids, by table, of rows that the files of these versions hold although they were taken back."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, row_id, gone_in in LakeWithdrawal.objects.values_list("table", "row_id", "gone_in"):
        if name in versions and (gone_in is None or gone_in > versions[name].commit):
            found[name].append(row_id)
    return {name: tuple(ids) for name, ids in found.items()}


def _check(versions: Mapping[str, LakeVersion]) -> None:
    newest = {row.table: row for row in LakeBatch.objects.all()}
    for name, version in versions.items():
        if version.batch:
            check_fits(newest.get(name, LakeBatch(table=name)), in_lake=version.batch)


def _rows(wheres: Mapping[str, Where], buckets: int) -> Mapping[str, pa.Table]:
    kept = published_models()
    filled = tables_with_rows({name: where for name, where in wheres.items() if name in kept})
    return {name: _read(name, where, buckets) if name in filled else _empty(name) for name, where in wheres.items()}


def _read(table: str, where: Where, buckets: int) -> pa.Table:
    return pa.concat_tables([_empty(table), *read_rows(table, where, buckets=buckets)])


def _empty(table: str) -> pa.Table:
    return TABLES[table].arrow_schema.empty_table()


def _filled(part: TableParts) -> bool:
    return bool(part.lake.files) or len(part.rows) > 0


def _table(table: Table, part: TableParts, engine: DuckdbRunner) -> ir.Table:
    parts = []
    if part.lake.files:
        parts.append(_without(_declared(engine.from_parquet(part.lake.files), table), part.withdrawn, engine))
    if len(part.rows):
        parts.append(_declared(engine.from_arrow(part.rows), table))
    return parts[0].union(parts[1]) if len(parts) == 2 else parts[0]


def _recorded_until(part: TableParts) -> datetime | None:
    """When the newest row was recorded; None where that is not known of all."""
    told = [recorded_until(part.lake.files)] if part.lake.files else []
    if len(part.rows):
        known = part.rows["recorded_at"]
        told.append(None if known.null_count else pc.max(known).as_py())
    return max((instant for instant in told if instant is not None), default=None) if None not in told else None


def _without(rows: ir.Table, ids: tuple[str, ...], engine: DuckdbRunner) -> ir.Table:
    if not ids:
        return rows
    return rows.anti_join(engine.from_arrow(pa.table({"id": pa.array(ids, pa.string())})), "id")


def _declared(rows: ir.Table, table: Table) -> ir.Table:
    """The columns in their declared types and order. A column younger than the files is null."""
    types = {**table.ibis_schema, **({"bucket": "int32"} if table.bucketed else {})}
    present = set(rows.columns)
    return rows.select(**{n: rows[n].cast(t) if n in present else ibis.null(t) for n, t in types.items()})


def _version(parts: Mapping[str, TableParts]) -> str:
    """`contacts@3+12`: files up to batch 3 and 12 rows later than them."""
    return " ".join(f"{name}@{part.lake.batch}+{len(part.rows)}" for name, part in parts.items() if _filled(part))
