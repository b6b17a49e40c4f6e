"""The one way to write records and facts: rows, their history and the stages of deals, together.

A draft is a mapping of column to value, as declared in `rapport.engine.crm.tables`:

    {"external_id": "42", "email": "ann@example.com", "owner_id": "...", "properties": {"Plan": "gold"}}

beside columns it may hold `id` (a record to update, or the id of a new one), `modified_at` (when the source
last changed it) and `dated` ({column: instant from which its value holds}). A draft is about the row with its
`id`, else the row with its (source, `external_id`), else a new one. A column that is absent is left alone;
None empties it. Custom fields are text and change one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from rapport.engine.crm.tables import TABLES, Table
from rapport.engine.errors import DataError
from rapport.workspace.crm.records.history import Dating, entries_of, write_entries
from rapport.workspace.crm.records.stage_visits import keep_stage_visits
from rapport.workspace.crm.records.steps import Draft, Step, Verdict, steps
from rapport.workspace.crm.records.table_models import model_of
from rapport.workspace.crm.records.touching import touch, touches_of, touches_of_ids
from rapport.workspace.crm.records.users import sign_in_columns
from rapport.workspace.lib import bulk

BATCH = 1000
"""Rows in one transaction at most, so that others can write in between."""


@dataclass
class Written:
    """What became of drafts. refused: (position of the draft, why)."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def add(self, found: Sequence[Step], *, offset: int) -> None:
        for step in found:
            self.ids.append(step.id)
            if step.verdict is Verdict.NEW:
                self.created += 1
            elif step.verdict is Verdict.UPDATED:
                self.updated += 1
            elif step.verdict is Verdict.UNCHANGED:
                self.unchanged += 1
            else:
                self.refused.append((offset + step.position, step.reason))


def write(
    table: str, drafts: Iterable[Draft], *, source: str, by: str, at: datetime, stage_visits: bool = True
) -> Written:
    """Insert and update rows, in transactions of at most 1,000 drafts.

    Live scores follow fewer than 1,000 at once in real time; for more, run them anew when all is written.

    Parameters:
        source: the system the drafts come from.
        by: who or what changes them, for `attribute_history.changed_by`.
        at: the instant of the import.
        stage_visits: keep `deal_stage_visits` for deals; False where the source's own visits are written too.
    Returns: counts, the id of each draft's row in order ("" where refused), and the refused drafts.
    """
    written = Written()
    offset = 0
    stream = iter(drafts)
    while batch := list(islice(stream, BATCH)):
        with bulk.without_garbage_collection(), transaction.atomic():
            found = write_batch(table, batch, source=source, by=by, at=at, stage_visits=stage_visits)
            if offset == 0 and len(batch) < BATCH:
                _touch(table, found)
        written.add(found, offset=offset)
        offset += len(batch)
    return written


def write_batch(
    table: str, drafts: Sequence[Draft], *, source: str, by: str, at: datetime, stage_visits: bool = True
) -> list[Step]:
    """Write at most 1,000 drafts inside the caller's transaction; one step per draft says what became of it."""
    declared = TABLES[table]
    found = steps(declared, drafts, source=source)
    apply_steps(declared, found, source=source, by=by, dating=Dating(at), stage_visits=stage_visits)
    return found


def save(table: str, record_id: str | None, values: Draft, *, by: str, at: datetime) -> str:
    """Make (`record_id` None) or change one record, as a person did in the workspace.

    Returns: its id. Raises: DataError where a value does not fit or the record is not there.
    """
    declared = TABLES[table]
    draft = {**values, **({"id": record_id} if record_id else {"created_at": at, "recorded_at": at})}
    with transaction.atomic():
        found = steps(declared, [draft], source="")
        step = found[0]
        if step.verdict is Verdict.ERROR:
            raise DataError(step.reason, where=declared.entity, next_step="Correct the value and save again.")
        if record_id and step.verdict is Verdict.NEW:
            raise DataError("no such record", where=declared.entity, received=record_id)
        apply_steps(declared, found, source="", by=by, dating=Dating(at, by_person=True))
        _touch(table, found)
    return step.id


def delete(table: str, ids: Iterable[str], *, by: str, at: datetime) -> int:
    """Mark records as deleted; their history says since when. Returns: how many stood until now."""
    return _mark(table, ids, {"deleted_at": at}, by=by, at=at)


def restore(table: str, ids: Iterable[str], *, by: str, at: datetime) -> int:
    """Let deleted records stand again. Returns: how many were deleted."""
    return _mark(table, ids, {"deleted_at": None}, by=by, at=at)


def _mark(table: str, ids: Iterable[str], values: dict[str, Any], *, by: str, at: datetime) -> int:
    changed = 0
    declared = TABLES[table]
    stream = iter(ids)
    while batch := list(islice(stream, BATCH)):
        with transaction.atomic():
            standing = model_of(table)._default_manager.filter(
                pk__in=batch, deleted_at__isnull=values["deleted_at"] is not None
            )
            old = {"deleted_at": None} if values["deleted_at"] is not None else {"deleted_at": at}
            found = [
                Step(position, Verdict.UPDATED, id=row_id, values=dict(values), old=old)
                for position, row_id in enumerate(standing.values_list("pk", flat=True))
            ]
            apply_steps(declared, found, source="", by=by, dating=Dating(at, by_person=True))
            touch(touches_of_ids(table, [step.id for step in found]), at=timezone.now())
        changed += len(found)
    return changed


def _touch(table: str, found: Sequence[Step]) -> None:
    """Have live scores follow a few changes: of whom the rows are about now, and were about until now."""
    changed = [step for step in found if step.verdict in (Verdict.NEW, Verdict.UPDATED)]
    rows = [{**step.current, **step.values, "id": step.id} for step in changed]
    rows += [{**step.current, "id": step.id} for step in changed if step.current]
    touch(dict.fromkeys(touches_of(table, rows)), at=timezone.now())


def apply_steps(
    table: Table, found: Sequence[Step], *, source: str, by: str, dating: Dating, stage_visits: bool = True
) -> None:
    """Do what the steps say: rows, history, stages of deals."""
    _insert(table, [step for step in found if step.verdict is Verdict.NEW], source=source, at=dating.at)
    updated = [step for step in found if step.verdict is Verdict.UPDATED]
    bulk.update(model_of(table.name), [(step.id, step.values) for step in updated])
    entries = entries_of(table, found, dating)
    write_entries(table, entries, by=by)
    if table.name == "deals" and stage_visits:
        keep_stage_visits(found, entries, by=by, dating=dating)


def _insert(table: Table, new: Sequence[Step], *, source: str, at: datetime) -> None:
    if not new:
        return
    stored = timezone.now()
    for step in new:
        _complete(table, step, source=source, at=at)
        step.values["ingested_at"] = stored
    if table.name == "users":
        sign_in_columns(new)
    columns = sorted({name for step in new for name in step.values} | {"created_at"})
    # bulk.insert takes one list of columns: a draft without one of them has it empty
    bulk.insert(model_of(table.name), columns, [tuple(map(step.values.get, columns)) for step in new])
    for step in new:
        del step.values["ingested_at"]


def _complete(table: Table, step: Step, *, source: str, at: datetime) -> None:
    """Fill in what every row has: where it came from and since when it was known."""
    values = step.values
    values["id"] = step.id
    values.setdefault("source", source)
    told = values.get("recorded_at") or values.get("created_at")
    happened = values.get(table.occurred_at) if table.occurred_at else None
    values["recorded_at_assumed"] = bool(values.get("recorded_at_assumed", told is None))
    values["recorded_at"] = told or happened or at
    if values.get("properties"):
        values["properties"] = {k: v for k, v in values["properties"].items() if v is not None} or None


__all__ = ["BATCH", "Draft", "Step", "Verdict", "Written", "delete", "restore", "save", "write", "write_batch"]
