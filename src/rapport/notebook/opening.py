"""From files or data frames to a company's tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.lake import Lake
from rapport.notebook.company import Crm

Tables = Mapping[str, Any]


def open_crm(
    source: str | Path | Tables,
    *,
    time_zone: str = "UTC",
    currency: str = "EUR",
    threads: int | None = None,
    memory: str | None = None,
) -> Crm:
    """A company's tables, ready to be scored and measured.

    Parameters:
        source: a folder with one Parquet file per table (`contacts.parquet`) or one sub-folder per table
            (`contacts/*.parquet`); a folder of Delta tables; a workspace's home folder (what is published in its lake);
            or data frames by table name (pandas, Polars, Arrow, or what else speaks Arrow). Tables and columns are
            named as in the tables' reference; those of other names are left out (`crm.left_out`). Instants without
            zone are UTC.
        time_zone: IANA zone of the company's days. currency: ISO 4217 base currency of sums.
        threads, memory: bounds of the engine (`4`, `"8GB"`); None takes what the machine has.
    Raises: DefinitionError for an unknown time zone or folder; DataError where no table is found or one has no `id`.
    """
    if time_zone not in available_timezones():
        raise DefinitionError("not a time zone", received=time_zone, allowed=sorted(available_timezones()))
    runner = DuckdbRunner(threads=threads, memory_limit=memory)
    given = _frames(source, runner) if isinstance(source, Mapping) else _files(Path(source), runner)
    tables = {name: rows for name, rows in given.items() if name in TABLES}
    if not tables:
        raise DataError("No table of the CRM is there.", received=", ".join(given) or None, allowed=sorted(TABLES))
    for name, rows in tables.items():
        if "id" not in rows.columns:
            raise DataError(
                f"{name} has no column id.", received=", ".join(rows.columns), next_step="Name its key `id`."
            )
    version = "data frames" if isinstance(source, Mapping) else str(source)
    return Crm(
        Snapshot(tables, time_zone=time_zone, currency=currency, version=version), runner, left_out=_left_out(given)
    )


def _left_out(given: Mapping[str, ir.Table]) -> dict[str, tuple[str, ...]]:
    """Tables (with no columns) and columns that are not declared."""
    unknown: dict[str, tuple[str, ...]] = {name: () for name in given if name not in TABLES}
    for name, rows in given.items():
        if name in TABLES:
            extra = tuple(c for c in rows.columns if c not in TABLES[name].columns and c != "bucket")
            unknown |= {name: extra} if extra else {}
    return unknown


def _frames(source: Tables, runner: DuckdbRunner) -> dict[str, ir.Table]:
    return {name: runner.from_arrow(_arrow(name, frame)) for name, frame in source.items()}


def _arrow(name: str, frame: Any) -> pa.Table:
    """A frame as Arrow. Large strings and nanoseconds of other libraries are cast when a column is read."""
    if isinstance(frame, pa.Table):
        return frame
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    if hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (TypeError, AttributeError) as error:
        raise DefinitionError(
            "not a data frame", where=name, received=type(frame).__name__, allowed="pandas, Polars or Arrow"
        ) from error


def _files(folder: Path, runner: DuckdbRunner) -> dict[str, ir.Table]:
    if not folder.is_dir():
        raise DefinitionError(
            "There is no such folder.", received=str(folder), next_step="Give a folder or data frames."
        )
    if (folder / "lake").is_dir():
        folder = folder / "lake"  # the home folder of a workspace
    found = {name: files for name in sorted(_names(folder)) if (files := _of_table(folder, name))}
    return {name: runner.from_parquet(files) for name, files in found.items()}


def _names(folder: Path) -> set[str]:
    return {
        entry.stem if entry.is_file() else entry.name for entry in folder.iterdir() if not entry.name.startswith("_")
    }


def _of_table(folder: Path, name: str) -> list[str]:
    """The Parquet files of a table: those of the newest Delta version, else all that are there."""
    if (folder / name / "_delta_log").is_dir():
        delta = Lake(folder, incarnation="").delta(name)
        paths = sorted(map(str, delta.get_add_actions()["path"].to_pylist())) if delta is not None else []
        return [str(folder / name / path) for path in paths]
    single = folder / f"{name}.parquet"
    return [str(single)] if single.is_file() else [str(f) for f in sorted((folder / name).rglob("*.parquet"))]
