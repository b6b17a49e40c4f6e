"""Exports as Parquet: all tables as of one moment, whole or only what has changed, gone on with after a crash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from rapport.engine.errors import DefinitionError
from rapport.engine.execution.checksum import checksum
from rapport.workspace.lib.read_transaction import read_transaction
from rapport.workspace.metrics.exports.folder import CURRENT, ExportFolder, File
from rapport.workspace.metrics.exports.rows import (
    Part,
    data_through,
    parts_of,
    rows_by_month,
    schema_of,
    type_name,
)
from rapport.workspace.metrics.exports.tables import EXPORTED, VERSION, Exported, told
from rapport.workspace.metrics.exports.view_sql import CATALOGUE_COLUMNS, catalogue_rows, description

RECORDS, CATALOGUE = "records", "metrics"
_SCORES = ("scores_current", "score_history", "metrics_daily", "segments")
_GROUP_ROWS = 120_000
Progress = Callable[[int, "int | None", str], None]


def quiet(done: int, total: int | None, message: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Exports:
    """What was exported. written, kept: files made anew, and files of the export before that still hold."""

    folder: Path
    rows: Mapping[str, int]
    written: int
    kept: int
    still_personal: Sequence[str] = ()


def chosen_tables(names: Sequence[str]) -> list[str]:
    """Tables by name, `records` for all records; all of them where none is named. Raises: DefinitionError."""
    known = [*EXPORTED, CATALOGUE]
    found: list[str] = []
    for name in names or known:
        if name == RECORDS:
            found += [one for one in EXPORTED if one not in _SCORES]
        elif name in known:
            found.append(name)
        else:
            raise DefinitionError("There is no such table.", where="--tables", received=name, allowed=[RECORDS, *known])
    return list(dict.fromkeys(found))


def export(
    folder: Path,
    *,
    now: datetime,
    tables: Sequence[str] = (),
    only_changed: bool = False,
    with_personal_data: bool = False,
    progress: Progress = quiet,
) -> Exports:
    """Write the tables below a folder; readers see the export before until this one is complete.

    Parameters: tables, others of an earlier export stay as they are; only_changed, files whose rows did not change
    since the last export are taken over unread.
    Raises: DefinitionError for an unknown table or a folder that holds something else.
    """
    names, place = chosen_tables(tables), ExportFolder(folder)
    with place.writing():
        last = place.last() or {"tables": {}}
        how = {"tables": names, "personal": with_personal_data, "version": VERSION}
        work = _Export(place, last["tables"], place.begin(how), personal=with_personal_data, only_changed=only_changed)
        with read_transaction():
            told_of = {name: work.table(name, progress) for name in names}
        others = {name: work.taken_over(name) for name in last["tables"] if name not in told_of}
        place.finish(_manifest({**told_of, **others}, now=now), now=now)
    entries = {**told_of, **others}
    return Exports(
        folder=folder / CURRENT,
        rows={name: told_of[name]["rows"] for name in names},
        written=work.written,
        kept=work.kept,
        still_personal=[] if with_personal_data else [n for n, e in entries.items() if e["with_personal_data"]],
    )


class _Export:
    """An export under way. last: tables of the newest manifest; made: files that were complete when it broke off."""

    def __init__(
        self, place: ExportFolder, last: Mapping[str, Any], made: Mapping[str, File], *, personal: bool,
        only_changed: bool,
    ) -> None:  # fmt: skip
        self._place, self._last, self._made = place, last, made
        self._personal, self._only_changed = personal, only_changed
        self.written = self.kept = 0

    def table(self, name: str, progress: Progress) -> dict[str, Any]:
        """The manifest's entry of a table, once its files are there."""
        if name == CATALOGUE:
            return self._catalogue()
        table = EXPORTED[name]
        schema, parts = schema_of(table, with_personal_data=self._personal), parts_of(table)
        files = {part.month: self._ready(name, part, schema) for part in parts}
        missing = [part for part in parts if files[part.month] is None]
        done, total = 0, sum(part.rows for part in missing)
        by_month = {part.month: part for part in missing}
        for month, chunks in rows_by_month(table, missing, with_personal_data=self._personal) if missing else ():
            if month not in by_month:
                continue  # came while nobody held the moment; the next export has it
            progress(done, total, f"{name} {month or ''}".strip())
            files[month] = self._write(name, by_month[month], schema, chunks)
            done += by_month[month].rows
        found = [file for file in files.values() if file is not None]
        return self._entry(table, found, through=data_through(table))

    def taken_over(self, name: str) -> dict[str, Any]:
        """A table that was not asked for, as the export before has it."""
        entry: dict[str, Any] = self._last[name]
        for file in entry["files"]:
            self._place.kept(File(**file))
        return entry

    def _ready(self, name: str, part: Part, schema: pa.Schema) -> File | None:
        """The file of a part, where it is made already or still holds."""
        path, made_from = _path(name, part.month), _made_from(part, schema)
        before = self._before(name, path)
        if (made := self._made.get(path)) and made_from and made.made_from == made_from:
            self.written += 1
            return made
        if self._only_changed and before and made_from and before.made_from == made_from:
            self.kept += 1
            return self._place.kept(before)
        return None

    def _before(self, name: str, path: str) -> File | None:
        files = self._last.get(name, {}).get("files", ())
        return next((File(**file) for file in files if file["path"] == path), None)

    def _write(self, name: str, part: Part, schema: pa.Schema, chunks: Iterator[pa.Table]) -> File:
        path = _path(name, part.month)
        target = self._place.making / path
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = _written(target, schema, chunks)
        file = File(
            path=path,
            partition=f"month={part.month}" if part.month else None,
            rows=rows,
            bytes=target.stat().st_size,
            sha256=checksum(target),
            made_from=_made_from(part, schema),
        )
        before = self._before(name, path)
        if self._only_changed and before and before.sha256 == file.sha256:
            self._place.kept(before)
            self.kept += 1
        else:
            self.written += 1
        self._place.done(file)
        return file

    def _entry(self, table: Exported, files: Sequence[File], *, through: datetime | None) -> dict[str, Any]:
        columns = told(table, with_personal_data=self._personal)
        return {
            "description": f"One row is {table.rows}.",
            "rows": sum(file.rows for file in files),
            "data_through": through.isoformat() if through else None,
            "partitioned_by": f"month of {table.by_month_of} (UTC)" if table.by_month_of else None,
            "with_personal_data": self._personal and bool(table.personal),
            "columns": [
                {"name": c.name, "type": type_name(c.type), "description": description(c, shown=shown)}
                for c, shown in columns
            ],
            "files": [asdict(file) for file in files],
        }

    def _catalogue(self) -> dict[str, Any]:
        rows = pa.Table.from_pylist(catalogue_rows())
        part = Part(month=None, rows=len(rows), fingerprint=hashlib.sha256(repr(rows.to_pylist()).encode()).hexdigest())
        file = self._ready(CATALOGUE, part, rows.schema) or self._write(CATALOGUE, part, rows.schema, iter([rows]))
        return {
            "description": "One row is a metric: what the numbers of metrics_daily mean.",
            "rows": len(rows),
            "data_through": None,
            "partitioned_by": None,
            "with_personal_data": False,
            "columns": [
                {"name": f.name, "type": str(f.type), "description": CATALOGUE_COLUMNS[f.name]} for f in rows.schema
            ],
            "files": [asdict(file)],
        }


def _written(target: Path, schema: pa.Schema, chunks: Iterator[pa.Table]) -> int:
    """Write the rows into a file under another name, which it loses once it is complete; how many rows."""
    under_way, waiting, count = target.with_suffix(".part"), [], 0
    with pq.ParquetWriter(under_way, schema, compression="zstd") as writer:
        for chunk in chunks:
            waiting.append(chunk)
            if sum(len(one) for one in waiting) >= _GROUP_ROWS:
                count += _group(writer, waiting)
        count += _group(writer, waiting)
    with under_way.open("rb+") as file:
        os.fsync(file.fileno())
    under_way.replace(target)
    return count


def _group(writer: pq.ParquetWriter, waiting: list[pa.Table]) -> int:
    if not waiting:
        return 0
    rows = pa.concat_tables(waiting)
    writer.write_table(rows, row_group_size=len(rows) or None)
    waiting.clear()
    return len(rows)


def _path(name: str, month: str | None) -> str:
    return f"{name}/month={month}/{name}.parquet" if month else f"{name}/{name}.parquet"


def _made_from(part: Part, schema: pa.Schema) -> str | None:
    """What a file was made from: its rows, and how they are told."""
    if part.fingerprint is None:
        return None
    told_as = hashlib.sha256(schema.to_string(show_field_metadata=True, truncate_metadata=False).encode()).hexdigest()
    return json.dumps([part.fingerprint, told_as[:16]])


def _manifest(tables: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    return {
        "format": "rapport-export",
        "version": VERSION,
        "made_by": f"rapport-crm {version('rapport-crm')}",
        "as_of": now.isoformat(),
        "time_zone": settings.REPORTING_TIME_ZONE,
        "currency": settings.BASE_CURRENCY,
        "tables": tables,
    }
