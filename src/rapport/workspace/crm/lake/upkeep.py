"""Keeping the lake in order: sorting its files, deleting what no version uses, and making it again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.utils import timezone

from rapport.engine.crm.tables import TABLES
from rapport.engine.execution import compaction
from rapport.engine.execution.lake import Lake
from rapport.engine.execution.lake_lock import alone
from rapport.workspace.crm.lake.engines import new_runner
from rapport.workspace.crm.lake.models import LakeBatch, LakeState
from rapport.workspace.crm.lake.publishing import (
    Checkpoint,
    Published,
    Publisher,
    known_tables,
    publishing,
    unwatched,
)
from rapport.workspace.crm.lake.rows import up_to_batch
from rapport.workspace.crm.lake.withdrawing import take_out
from rapport.workspace.options import lake_folder

KEEP_HOURS = 1  # replaced files stay this long for readers that hold no lock of ours (Spark, notebooks elsewhere)


@dataclass(frozen=True)
class Compacted:
    """parts: sorted files written, by table; tables that needed none are left out."""

    parts: dict[str, int]


def compact(
    *,
    tables: Iterable[str] | None = None,
    everything: bool = False,
    wait: float = 30,
    checkpoint: Checkpoint = unwatched,
) -> Compacted:
    """Sort what has become fragmented (or everything that is not sorted) into one file per bucket or table.

    Raises: LeaseTaken, LakeWriteFailed. What was sorted before stays sorted; calling again goes on.
    """
    written: dict[str, int] = {}
    with publishing(wait=wait) as publisher, new_runner() as runner:
        for table in known_tables(tables):
            publisher.lease.confirm()
            written[table] = compaction.compact(
                publisher.lake, TABLES[table], runner, everything=everything, checkpoint=checkpoint
            )
    return Compacted({table: count for table, count in written.items() if count})


def take_out_withdrawn(*, wait: float = 30, checkpoint: Checkpoint = unwatched) -> int:
    """Write the files that hold withdrawn rows again without them; number of rows. `vacuum` then deletes the old files.

    Until it is done readers leave the rows out, so that it may be killed and run again.
    """
    count = 0
    with publishing(wait=wait) as publisher:
        for table in known_tables(None):
            publisher.lease.confirm()
            count += take_out(publisher.lake, table, checkpoint)
    return count


def vacuum(*, keep_hours: int = KEEP_HOURS, wait: float = 60) -> int:
    """Delete files that no version uses any more; how many. Waits for those who read.

    Raises: LeaseTaken while another process publishes; LakeInUse when readers stay longer than `wait` seconds.
    """
    with publishing(wait=wait) as publisher, alone(lake_folder(), wait=wait):
        return sum(publisher.lake.vacuum(table, keep_hours=keep_hours) for table in known_tables(None))


def rebuild(*, wait: float = 30, checkpoint: Checkpoint = unwatched) -> Published:
    """Make the lake again from the database: after it was lost, or after one of the two was restored.

    Each table's files are replaced in one commit by all rows up to its newest batch; when all are there, the database
    turns to the new incarnation. Until then the earlier one counts, so that a rebuild that was killed can simply be
    run again.
    """
    with publishing(wait=wait) as publisher:
        incarnation = uuid.uuid4().hex
        lake = Lake(lake_folder(), incarnation=incarnation)
        rows = {table: _replace(publisher, lake, table, checkpoint) for table in known_tables(None)}
        with transaction.atomic():
            publisher.lease.confirm()
            LakeState.objects.filter(id=1).update(incarnation=incarnation, made_at=timezone.now())
    return Published({table: count for table, count in rows.items() if count})


def _replace(publisher: Publisher, lake: Lake, table: str, checkpoint: Checkpoint) -> int:
    newest, _ = LakeBatch.objects.get_or_create(table=table)
    publisher.seal(newest)
    if newest.batch == 0:
        lake.clear(table)
        return 0
    counted: list[int] = []
    lake.replace(
        TABLES[table],
        partial(publisher.rows, table, up_to_batch(newest.batch), counted),
        batch=newest.batch,
        instead_of=publisher.state.incarnation,
    )
    checkpoint("replaced")
    return sum(counted)
