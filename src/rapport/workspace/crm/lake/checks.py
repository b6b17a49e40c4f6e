"""How the lake is: what `rapport doctor` says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from rapport.engine.crm.tables import TABLES
from rapport.engine.execution import compaction
from rapport.engine.execution.lake import LakeVersion
from rapport.engine.execution.lake_errors import LakeMismatch
from rapport.workspace.crm.lake.models import LakeBatch, LakeState
from rapport.workspace.crm.lake.publishing import LEASE, check_fits, known_tables, lake_of
from rapport.workspace.queue.identity import has_ended
from rapport.workspace.queue.models import Lease

_MOST_UNPUBLISHED = 200_000
MOST_TAIL_FILES = 200  # more than a day of publishing leaves
_NOT_LOOKED_AT = "No lake has been made yet."


class LakeCheck(NamedTuple):
    """One thing that was looked at. next_step is empty where nothing is to be done."""

    name: str
    ok: bool
    sentence: str
    next_step: str = ""


def doctor_checks() -> list[LakeCheck]:
    """Versions, rows that wait, fragmentation and who is publishing; each with what to do about it."""
    state = LakeState.objects.filter(id=1).first()
    if state is None:
        return [LakeCheck("lake", True, _NOT_LOOKED_AT, "The first publishing makes it."), _unpublished()]
    lake = lake_of(state)
    return [
        _fit({name: lake.version(name) for name in known_tables(None)}),
        _unpublished(),
        _fragmented(state),
        _lease(),
    ]


def _fit(versions: dict[str, LakeVersion]) -> LakeCheck:
    """Whether lake and database are of one history."""
    newest = {row.table: row for row in LakeBatch.objects.all()}
    for name, version in versions.items():
        row = newest.get(name, LakeBatch(table=name))
        try:
            if version.batch:
                check_fits(row, in_lake=version.batch)
            if version.batch == 0 and row.batch > 1:
                raise LakeMismatch(name, in_lake=0, in_database=row.batch)
        except LakeMismatch as error:
            return LakeCheck("lake", False, error.what, error.next_step or "")
    filled = {name: version for name, version in versions.items() if version.batch}
    behind = [name for name, version in filled.items() if version.batch < newest[name].batch]
    if behind:
        what = f"Batches of {', '.join(behind)} were claimed but have not reached the lake."
        return LakeCheck("lake", False, what, "Run `rapport publish`: it goes on where the last one stopped.")
    files = sum(len(version.files) for version in filled.values())
    return LakeCheck("lake", True, f"Tables: {len(filled)}, files: {files:,}; in step with the database.")


def _unpublished() -> LakeCheck:
    waiting = {name: count for name in known_tables(None) if (count := _count_unpublished(name))}
    total = sum(waiting.values())
    most = ", ".join(f"{name} {waiting[name]:,}" for name in sorted(waiting, key=lambda n: -waiting[n])[:3])
    what = f"Rows that wait for publishing: {total:,} ({most})." if total else "Every row has been published."
    if total <= _MOST_UNPUBLISHED:
        return LakeCheck("unpublished rows", True, what)
    return LakeCheck("unpublished rows", False, what, "Run `rapport publish`, or let `rapport worker` run.")


def _count_unpublished(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}" WHERE batch IS NULL')  # noqa: S608 -- our own names
        return int(cursor.fetchone()[0])


def _fragmented(state: LakeState) -> LakeCheck:
    lake = lake_of(state)
    parts = {name: compaction.parts(lake, TABLES[name]) for name in known_tables(None)}
    ragged = [name for name, its in parts.items() if any(part.is_fragmented for part in its)]
    neglected = [name for name in ragged if any(len(part.tail) >= MOST_TAIL_FILES for part in parts[name])]
    if neglected:
        what = f"Many small files: {', '.join(neglected)}; reading them is slow."
        return LakeCheck("lake files", False, what, "Let `rapport worker` run at night, or run `rapport lake compact`.")
    if ragged:
        return LakeCheck("lake files", True, f"To be sorted at the next upkeep: {', '.join(ragged)}.")
    return LakeCheck("lake files", True, "Files are few and sorted.")


def _lease() -> LakeCheck:
    lease = Lease.objects.filter(name=LEASE).first()
    if lease is None or not lease.holder:
        return LakeCheck("publisher", True, "Nobody is publishing.")
    if has_ended(lease.holder) or lease.expires_at is None or lease.expires_at <= timezone.now() - timedelta(minutes=1):
        what = "The last publisher ended before it was done; the next one goes on where it stopped."
        return LakeCheck("publisher", True, what, "Run `rapport publish`.")
    return LakeCheck("publisher", True, f"{lease.holder} is publishing.")
