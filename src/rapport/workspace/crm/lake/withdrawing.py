"""Taking rows back: facts that should never have been there (an import undone, a person erased).

The row leaves the database at once, every snapshot from then on, and the lake's files at the next upkeep; or before
its id is published again, where a later import brings the same fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from rapport.engine.crm.tables import TABLES
from rapport.engine.execution import compaction
from rapport.engine.execution.lake import Lake
from rapport.workspace.crm.lake.engines import new_runner
from rapport.workspace.crm.lake.models import LakeWithdrawal
from rapport.workspace.lib.declared import published_models

T = TypeVar("T")
_CHUNK = 500
_OUT_OF_SIGHT = timedelta(hours=1)  # far longer than a reader takes from looking for files to looking for withdrawals


def withdraw(table: str, ids: Iterable[str]) -> int:
    """Delete rows from the database, in the transaction under way, and from every snapshot opened after it.

    Records that others refer to cannot be withdrawn: mark them as deleted instead. Returns: number of rows deleted.
    """
    return sum(_withdraw(table, chunk) for chunk in _chunks(ids))


def take_out(lake: Lake, table: str, checkpoint: Callable[[str], None]) -> int:
    """Write the files of a table again without its withdrawn rows; number of rows. Only the publisher may."""
    LakeWithdrawal.objects.filter(
        table=table, gone_in__isnull=False, withdrawn_at__lt=timezone.now() - _OUT_OF_SIGHT
    ).delete()
    entries = dict(_waiting(table).values_list("id", "row_id"))
    if entries:
        with new_runner() as runner:
            commit = compaction.take_out(lake, TABLES[table], runner, list(entries.values()), checkpoint=checkpoint)
        for chunk in _chunks(entries):
            LakeWithdrawal.objects.filter(id__in=chunk).update(gone_in=commit)
    return len(entries)


def has_come_back(table: str) -> bool:
    """Whether a row that is to be published has the id of a withdrawn one that files still hold."""
    again = published_models()[table]._default_manager.filter(batch__isnull=True)
    return bool(_waiting(table).filter(row_id__in=again.values("pk")).exists())


def _waiting(table: str) -> QuerySet[LakeWithdrawal]:
    return LakeWithdrawal.objects.filter(table=table, gone_in__isnull=True)


def _withdraw(table: str, ids: Sequence[str]) -> int:
    rows = published_models()[table]._default_manager.filter(pk__in=ids)
    with transaction.atomic():
        # locked first, so that no publisher claims one between the look and the deletion
        standing = rows.select_for_update() if connection.features.has_select_for_update else rows
        batches = dict(standing.values_list("pk", "batch"))
        LakeWithdrawal.objects.bulk_create(
            [LakeWithdrawal(table=table, row_id=str(pk)) for pk, batch in batches.items() if batch is not None],
            update_conflicts=True,
            unique_fields=["table", "row_id"],
            update_fields=["withdrawn_at", "gone_in"],
        )
        rows.delete()
    return len(batches)


def _chunks(ids: Iterable[T]) -> Iterator[list[T]]:
    stream = iter(ids)
    while chunk := list(islice(stream, _CHUNK)):
        yield chunk
