"""The lake: one Delta table per CRM table, each the sum of numbered batches.

A batch is appended together with its number, as a Delta application transaction, in one commit:
either both are there or neither is. The application id names the lake's incarnation, so that a
lake made again never mistakes the batches of an earlier one for its own.

    folder/
      contacts/        _delta_log, Parquet files
      interactions/    _delta_log, bucket=0/ ... bucket=15/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from rapport.engine.crm.tables import Table
from rapport.engine.execution.lake_errors import BatchOutOfOrder, LakeBusy, LakeWriteFailed
from rapport.engine.execution.streaming import stream

Rows = Callable[[], Iterable[pa.Table]]
_TRIES = 5
_CONFIGURATION = {"delta.checkpointInterval": "20", "delta.logRetentionDuration": "interval 7 days"}


@dataclass(frozen=True)
class LakeVersion:
    """What a table's files hold.

    Attributes:
        batch: every row of the batches 1 to this one is in `files`; 0 where nothing is.
        commit: Delta version; -1 where there is no Delta table.
    """

    batch: int
    commit: int
    files: tuple[str, ...]


class Lake:
    """The Delta tables of a folder, seen as one incarnation."""

    def __init__(self, folder: Path, *, incarnation: str) -> None:
        self.folder = folder
        self.incarnation = incarnation

    def version(self, table: str) -> LakeVersion:
        """The newest version of a table and its files. Files of another incarnation do not count."""
        delta = self.delta(table)
        batch = self._batch(delta, table)
        if delta is None or batch is None:
            return LakeVersion(0, -1 if delta is None else delta.version(), ())
        paths = sorted(delta.get_add_actions()["path"].to_pylist())
        return LakeVersion(batch, delta.version(), tuple(str(self.folder / table / path) for path in paths))

    def append(self, table: Table, rows: Rows, *, batch: int) -> bool:
        """Add a batch. False where it (or a later one) is there already; safe to call again after a crash.

        Parameters: rows, called for each attempt, gives the batch in chunks of `table.arrow_schema`.
        Raises: BatchOutOfOrder if the batch before it is missing; LakeWriteFailed if the disk refuses.
        """
        return self._add(table, rows, batch=batch, follows=batch - 1)

    def replace(self, table: Table, rows: Rows, *, batch: int, instead_of: str) -> bool:
        """Begin a table with all rows of the batches 1 to `batch`. False where this incarnation has begun already.

        The files are also those of the incarnation `instead_of`, unless it had more, so that its readers see each
        row once until they turn to this one.
        """
        return self._add(table, rows, batch=batch, follows=0, also=Lake(self.folder, incarnation=instead_of))

    def vacuum(self, table: str, *, keep_hours: int) -> int:
        """Delete files that no version uses any more and that are older than `keep_hours`; how many.

        Call it while nobody reads (`lake_lock.alone`) and nobody writes.
        """
        delta = self.delta(table)
        if delta is None:
            return 0
        return len(delta.vacuum(keep_hours, dry_run=False, enforce_retention_duration=False, full=True))

    def clear(self, table: str) -> None:
        """Leave no row in a table, of whichever incarnation."""
        delta = self.delta(table)
        if delta is not None and delta.get_add_actions().num_rows:
            delta.delete()

    def delta(self, table: str) -> DeltaTable | None:
        try:
            return DeltaTable(str(self.folder / table))
        except TableNotFoundError:
            return None

    def application(self, table: str) -> str:
        """The id under which batches of this incarnation are committed."""
        return f"rapport:{self.incarnation}:{table}"

    def _add(self, table: Table, rows: Rows, *, batch: int, follows: int, also: Lake | None = None) -> bool:
        for _ in range(_TRIES):
            delta = self.delta(table.name) or self._created(table)
            current = self._batch(delta, table.name)
            if (current or 0) >= batch:
                return False
            if (current or 0) != follows:
                raise BatchOutOfOrder(table.name, batch=batch, found=current or 0)
            stamps = [Transaction(app_id=self.application(table.name), version=batch)]
            if also is not None and (also._batch(delta, table.name) or 0) < batch:
                stamps.append(Transaction(app_id=also.application(table.name), version=batch))
            try:
                _commit(delta, table, rows(), stamps=stamps, mode="overwrite" if current is None else "append")
            except CommitFailedError:
                continue  # somebody else committed: look again before writing again
            return True
        raise LakeBusy(table.name, tries=_TRIES)

    def _created(self, table: Table) -> DeltaTable:
        try:
            return DeltaTable.create(
                str(self.folder / table.name),
                schema=table.arrow_schema,
                mode="ignore",
                partition_by=["bucket"] if table.bucketed else None,
                description=f"One row is {table.grain}.",
                configuration=dict(_CONFIGURATION),
            )
        except (OSError, DeltaError) as error:
            raise LakeWriteFailed(table.name, error) from error

    def _batch(self, delta: DeltaTable | None, table: str) -> int | None:
        if delta is None:
            return None
        batch: int | None = delta.transaction_version(self.application(table))
        return batch


def _commit(
    delta: DeltaTable,
    table: Table,
    rows: Iterable[pa.Table],
    *,
    stamps: list[Transaction],
    mode: Literal["append", "overwrite"],
) -> None:
    known = {field.name for field in delta.schema().fields}

    def write(reader: pa.RecordBatchReader) -> None:
        try:
            write_deltalake(
                delta,
                reader,
                mode=mode,
                schema_mode=None if known >= set(table.arrow_schema.names) else "merge",
                # delta-rs would try again by itself without looking at the batch: we do both
                commit_properties=CommitProperties(app_transactions=stamps, max_commit_retries=0),
            )
        except CommitFailedError:
            raise
        except (OSError, DeltaError) as error:
            raise LakeWriteFailed(table.name, error) from error

    stream(rows, table.arrow_schema, write)
