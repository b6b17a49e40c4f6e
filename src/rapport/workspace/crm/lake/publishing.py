"""Publishing: rows of the database become numbered batches of the lake.

For each table, in this order, each step safe to repeat after a crash:

1. claim: rows without a batch get the next number, at most 1,000 (SQLite) in a transaction. Which
   rows is decided by the update itself, never by comparing ids: transactions commit out of order.
2. seal: no more rows for this number.
3. append: the batch and its number reach the lake in one commit, where it is not there already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from django.db import connection, transaction

from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.lake import Lake
from rapport.engine.execution.lake_errors import LakeMismatch
from rapport.workspace.crm.lake.models import LakeBatch, LakeState
from rapport.workspace.crm.lake.rows import Where, any_rows, of_batch, read_rows
from rapport.workspace.crm.lake.withdrawing import has_come_back, take_out
from rapport.workspace.lib.declared import published_models
from rapport.workspace.options import lake_folder
from rapport.workspace.queue.leases import HeldLease, held

CLAIM_ROWS = {"sqlite": 1_000, "postgresql": 20_000}  # in a transaction: on SQLite nobody else can write meanwhile
BATCH_ROWS = 1_000_000
LEASE = "lake"
_UNPUBLISHED = Where("batch IS NULL")

Checkpoint = Callable[[str], None]


def unwatched(_step: str) -> None:
    """Nobody watches the steps."""


@dataclass(frozen=True)
class Published:
    """What one publishing did. rows: number of rows appended, by table; tables without any are left out."""

    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def publish(*, tables: Iterable[str] | None = None, wait: float = 30, checkpoint: Checkpoint = unwatched) -> Published:
    """Bring every committed row that is not in the lake yet into it.

    Parameters: tables, all by default; wait, seconds for another publisher to finish; checkpoint,
    called with the name of each step passed.
    Raises: LeaseTaken while another process publishes; LakeMismatch where lake and database do not
    fit together; LakeWriteFailed where the disk refuses. Calling again goes on where it stopped.
    """
    wanted = known_tables(tables)
    with publishing(wait=wait) as publisher:
        rows = {table: publisher.publish(table, checkpoint) for table in wanted}
    return Published({table: count for table, count in rows.items() if count})


@contextmanager
def publishing(*, wait: float = 30) -> Iterator[Publisher]:
    """Be the one publisher while the block runs."""
    with held(LEASE, seconds=60, wait=wait) as lease:
        state, _ = LakeState.objects.get_or_create(id=1)
        yield Publisher(lease, state, lake_of(state))


def lake_of(state: LakeState) -> Lake:
    return Lake(lake_folder(), incarnation=state.incarnation)


@dataclass(frozen=True)
class Publisher:
    """The one publisher, with its lease in hand."""

    lease: HeldLease
    state: LakeState
    lake: Lake

    def publish(self, table: str, checkpoint: Checkpoint = unwatched) -> int:
        """Number of rows appended to a table."""
        count = self.finish(table, checkpoint)
        if has_come_back(table):
            take_out(self.lake, table, checkpoint)
        while any_rows(table, _UNPUBLISHED):
            batch, claimed = self._claim_batch(table, checkpoint)
            if not claimed:
                break  # all unpublished rows are locked by others: they come with the next publishing
            checkpoint("sealed")
            self._append(table, batch)
            checkpoint("appended")
            count += claimed
        return count

    def finish(self, table: str, checkpoint: Checkpoint = unwatched) -> int:
        """Append what an earlier publisher claimed and left behind. Returns its number of rows."""
        newest, _ = LakeBatch.objects.get_or_create(table=table)
        in_lake = self.lake.version(table).batch
        check_fits(newest, in_lake=in_lake)
        if in_lake == 0 and newest.batch > 1:
            raise LakeMismatch(table, in_lake=in_lake, in_database=newest.batch)
        self.seal(newest)
        count = 0
        for batch in range(in_lake + 1, newest.batch + 1):
            checkpoint("recovering")
            count += self._append(table, batch)
        return count

    def seal(self, newest: LakeBatch) -> None:
        """No further row may be claimed for a batch that an earlier publisher left open."""
        if not newest.sealed:
            with transaction.atomic():
                self.lease.confirm()
                LakeBatch.objects.filter(table=newest.table).update(sealed=True)

    def _claim_batch(self, table: str, checkpoint: Checkpoint) -> tuple[int, int]:
        """Claim and seal the next batch: its number, and its number of rows."""
        batch, claimed = LakeBatch.objects.get(table=table).batch + 1, 0
        while True:
            with transaction.atomic():
                self.lease.confirm()
                count = _claim(table, batch)
                claimed += count
                sealed = count < CLAIM_ROWS[connection.vendor] or claimed >= BATCH_ROWS
                if claimed:
                    LakeBatch.objects.filter(table=table).update(batch=batch, sealed=sealed)
            checkpoint("claimed")
            if sealed:
                return batch, claimed

    def _append(self, table: str, batch: int) -> int:
        """Append a sealed batch where the lake lacks it. Returns its number of rows."""
        counted: list[int] = []
        self.lake.append(TABLES[table], partial(self.rows, table, of_batch(batch), counted), batch=batch)
        return sum(counted)

    def rows(self, table: str, where: Where, counted: list[int]) -> Iterator[pa.Table]:
        """Chunks of a table's rows; their lengths are noted in `counted`."""
        counted.clear()
        for chunk in read_rows(table, where, buckets=self.state.buckets):
            counted.append(len(chunk))
            yield chunk


def check_fits(newest: LakeBatch, *, in_lake: int) -> None:
    """Raises LakeMismatch where the lake holds more than this database published.

    A batch that is in the lake but open here was sealed in a later state of the database than this one.
    """
    if in_lake > newest.batch or (in_lake == newest.batch and not newest.sealed):
        raise LakeMismatch(newest.table, in_lake=in_lake, in_database=newest.batch)


def _claim(table: str, batch: int) -> int:
    """Give some unpublished rows the batch's number; the number of rows that got it.

    On PostgreSQL rows that others hold, or have just changed, are passed over: they come with a later batch.
    """
    if connection.vendor == "postgresql":
        chosen = f'SELECT ctid FROM "{table}" WHERE batch IS NULL LIMIT %s FOR UPDATE SKIP LOCKED'  # noqa: S608 -- our own names
        update = f'UPDATE "{table}" SET batch = %s WHERE ctid = ANY(ARRAY({chosen}))'  # noqa: S608 -- our own names
    else:
        chosen = f'SELECT rowid FROM "{table}" WHERE batch IS NULL LIMIT %s'  # noqa: S608 -- our own names
        update = f'UPDATE "{table}" SET batch = %s WHERE rowid IN ({chosen})'  # noqa: S608 -- our own names
    with connection.cursor() as cursor:
        cursor.execute(update, [batch, CLAIM_ROWS[connection.vendor]])
        return int(cursor.rowcount)


def known_tables(tables: Iterable[str] | None) -> list[str]:
    """The tables of these names that a model keeps; all by default."""
    kept = published_models()
    return [name for name in TABLES if name in kept and (tables is None or name in set(tables))]
