"""Keeping the lake's files few and sorted.

Appends leave short unsorted tails. Compaction reads a whole bucket (or table) through DuckDB's ORDER BY into one
sorted file and exchanges it for the files it was read from, in one commit that changes no row. delta-rs itself cannot
sort. Files that were exchanged stay on disk until vacuum.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from rapport.engine.crm.tables import Table
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.lake import Lake
from rapport.engine.execution.lake_errors import LakeBusy, LakeWriteFailed

SORTED = "sorted-"
MOST_TAIL_FILES = 16
MOST_TAIL_SHARE = 0.2  # of the rows
_FEW_ROWS = 10_000  # below which a tail is left until it has many files
_TRIES = 5


@dataclass(frozen=True)
class Part:
    """The files of one bucket, or of a table without buckets.

    Attributes: bucket, None for a table without; rows and size by file, paths relative to the table.
    """

    bucket: int | None
    rows: dict[str, int]
    sizes: dict[str, int]

    @property
    def tail(self) -> tuple[str, ...]:
        """Files that no compaction has written."""
        return tuple(path for path in self.rows if not Path(path).name.startswith(SORTED))

    @property
    def is_fragmented(self) -> bool:
        tail_rows = sum(self.rows[path] for path in self.tail)
        share = tail_rows / max(1, sum(self.rows.values()))
        return len(self.tail) >= MOST_TAIL_FILES or (tail_rows >= _FEW_ROWS and share > MOST_TAIL_SHARE)

    @property
    def is_sorted(self) -> bool:
        return len(self.rows) <= 1 and not self.tail


def parts(lake: Lake, table: Table) -> list[Part]:
    """The files of a table, by bucket; none where the table has no files of this incarnation."""
    delta = lake.delta(table.name)
    if delta is None or not lake.version(table.name).files:
        return []
    return list(_parts(delta, bucketed=table.bucketed))


def compact(
    lake: Lake,
    table: Table,
    runner: DuckdbRunner,
    *,
    everything: bool = False,
    checkpoint: Callable[[str], None] = lambda _step: None,
) -> int:
    """Sort the fragmented parts of a table (or all that are not one sorted file); returns how many parts were written.

    Only one process may do it at a time. `checkpoint` is called with each step passed.
    Raises: LakeWriteFailed, LakeBusy.
    """
    ragged = [p for p in parts(lake, table) if p.is_fragmented or (everything and not p.is_sorted)]
    return sum(_rewrite(lake, table, part.bucket, runner, checkpoint) for part in ragged)


def take_out(
    lake: Lake,
    table: Table,
    runner: DuckdbRunner,
    ids: Sequence[str],
    *,
    checkpoint: Callable[[str], None] = lambda _step: None,
) -> int:
    """Write a table's files again without the rows of these ids; the Delta commit since which no file holds them."""
    for part in parts(lake, table):
        _rewrite(lake, table, part.bucket, runner, checkpoint, without=ids)
    return lake.version(table.name).commit


def _rewrite(
    lake: Lake,
    table: Table,
    bucket: int | None,
    runner: DuckdbRunner,
    checkpoint: Callable[[str], None],
    *,
    without: Sequence[str] = (),
) -> bool:
    for _ in range(_TRIES):
        part = next((p for p in parts(lake, table) if p.bucket == bucket), None)
        delta = lake.delta(table.name)
        if part is None or delta is None:
            return False
        checkpoint("sorting")
        written = _write_sorted(lake.folder / table.name, table, part, runner, without)
        checkpoint("sorted")
        try:
            _exchange(delta, table, part, lake.folder / table.name, written, changes_rows=bool(without))
        except CommitFailedError:
            written.unlink(missing_ok=True)  # the files are not those that were read any more
            continue
        checkpoint("exchanged")
        return True
    raise LakeBusy(table.name, tries=_TRIES)


def _write_sorted(folder: Path, table: Table, part: Part, runner: DuckdbRunner, without: Sequence[str]) -> Path:
    home = folder if part.bucket is None else folder / f"bucket={part.bucket}"
    target = home / f"{SORTED}{uuid.uuid4().hex}.parquet"
    home.mkdir(parents=True, exist_ok=True)
    runner.backend.con.register("withdrawn", pa.table({"id": pa.array(without, pa.string())}))
    try:
        runner.backend.raw_sql(_sorted_copy([str(folder / path) for path in part.rows], target, table))
        with target.open("rb") as file:
            os.fsync(file.fileno())
    except (OSError, duckdb.Error) as error:
        target.unlink(missing_ok=True)
        raise LakeWriteFailed(table.name, error) from error
    return target


def _sorted_copy(files: list[str], target: Path, table: Table) -> str:
    """Reads by the names in the files: a column younger than some of them is null there."""
    listed = ", ".join(_quoted(file) for file in files)
    order = ", ".join(f'"{name}"' for name in table.sort_by)
    files_read = f"read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"
    return (
        f"COPY (SELECT * FROM {files_read} ANTI JOIN withdrawn USING (id) ORDER BY {order}) "  # noqa: S608 -- our own
        f"TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _exchange(delta: DeltaTable, table: Table, part: Part, folder: Path, written: Path, *, changes_rows: bool) -> None:
    """Put the sorted file in the place of the files it was read from; none where no row is left."""
    place: dict[str, str | None] = {} if part.bucket is None else {"bucket": str(part.bucket)}
    now, size = int(written.stat().st_mtime * 1000), written.stat().st_size
    rows = pq.read_metadata(written).num_rows
    stats = json.dumps({"numRecords": rows})
    added = [AddAction(str(written.relative_to(folder)), size, place, now, changes_rows, stats)] if rows else []
    removed = [RemoveAction(path, changes_rows, now, part.sizes[path], place) for path in part.rows]
    try:
        delta.create_write_transaction(
            [*removed, *added],
            mode="append",
            schema=delta.schema(),
            partition_by=["bucket"] if table.bucketed else None,
            commit_properties=CommitProperties(max_commit_retries=0, custom_metadata={"rapport": "compaction"}),
        )
    except OSError as error:
        written.unlink(missing_ok=True)
        raise LakeWriteFailed(table.name, error) from error


def _parts(delta: DeltaTable, *, bucketed: bool) -> Iterator[Part]:
    actions = delta.get_add_actions(flatten=True)
    paths, sizes = actions["path"].to_pylist(), actions["size_bytes"].to_pylist()
    rows = actions["num_records"].to_pylist()
    buckets = actions["partition.bucket"].to_pylist() if bucketed else [None] * len(paths)
    for bucket in sorted(set(buckets), key=lambda b: -1 if b is None else b):
        here = [n for n, b in enumerate(buckets) if b == bucket]
        yield Part(bucket, {paths[n]: rows[n] or 0 for n in here}, {paths[n]: sizes[n] for n in here})
