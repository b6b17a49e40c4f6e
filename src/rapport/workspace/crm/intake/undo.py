"""Undoing an import: what it changed gets its old value back, what it made is deleted.

A value that is no longer the imported one, and a record that was changed since, are left as they are and reported.
No history is rewritten: undoing a record adds history of its own. A fact is taken back, from the lake too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from rapport.engine.crm.tables import TABLES, Kind, Table
from rapport.engine.errors import DataError
from rapport.workspace.crm.intake.importing import CHUNK, Report
from rapport.workspace.crm.intake.models import Import, RecordChange, State
from rapport.workspace.crm.lake import withdraw
from rapport.workspace.crm.records.changes import apply_steps, delete
from rapport.workspace.crm.records.history import Dating
from rapport.workspace.crm.records.models import AttributeValue
from rapport.workspace.crm.records.steps import steps
from rapport.workspace.crm.records.table_models import model_of
from rapport.workspace.crm.records.values import as_text, from_text
from rapport.workspace.crm.sales.models import DealStageVisit
from rapport.workspace.lib import bulk

_LEFT_ALONE = frozenset({"created_at", "source", "external_id"})
"""Filled in once and never emptied again."""


def undo_import(import_id: str, progress: Report, *, at: datetime | None = None) -> dict[str, int]:
    """Undo what an import did; goes on where an earlier attempt stopped, and does nothing where one came through.

    Returns: how many records were deleted, restored, and left because they were changed since.
    Raises: DataError where the import is not one that can be undone.
    """
    found = Import.objects.get(pk=import_id)
    if found.state == State.UNDONE:  # a worker that was killed after its last step is replaced by another
        return dict(found.undo_counts)
    if found.state not in (State.DONE, State.FAILED, State.UNDOING):
        raise DataError(
            "only an import that has ended can be undone", where=found.file_name, received=found.state,
            next_step="Wait until it has ended." if found.state == State.RUNNING else None,
        )  # fmt: skip
    Import.objects.filter(pk=found.pk).update(state=State.UNDOING)
    now = at or timezone.now()
    total = found.changes.count()
    done = found.changes.filter(undone__isnull=False).count()
    waiting = found.changes.filter(undone__isnull=True).order_by("-id")
    while changes := list(waiting[:CHUNK]):
        with bulk.without_garbage_collection(), transaction.atomic():
            _undo(found, changes, now)
        waiting = waiting.filter(pk__lt=changes[-1].pk)  # else every search steps over all that is undone already
        done += len(changes)
        progress(done, total, f"Undoing {found.file_name}")
    counts = {
        "deleted": found.changes.filter(undone=True, made=True).count(),
        "restored": found.changes.filter(undone=True, made=False).count(),
        "left": found.changes.filter(undone=False).count(),
    }
    Import.objects.filter(pk=found.pk).update(state=State.UNDONE, undo_counts=counts, finished_at=timezone.now())
    return counts


def _undo(found: Import, changes: Sequence[RecordChange], at: datetime) -> None:
    by_table: dict[tuple[str, bool], list[RecordChange]] = defaultdict(list)
    for change in changes:
        by_table[change.table, change.made].append(change)
    for (table, made), some in sorted(by_table.items(), key=lambda entry: entry[0][1]):
        (_delete if made else _restore)(found, TABLES[table], some, at)
    left = [change for change in changes if not change.undone]
    RecordChange.objects.filter(pk__in=[change.pk for change in changes if change.undone]).update(undone=True)
    bulk.update(RecordChange, [(change.pk, {"undone": False, "reason": change.reason}) for change in left])


def _restore(found: Import, table: Table, changes: Sequence[RecordChange], at: datetime) -> None:
    model = model_of(table.name)
    standing = model._default_manager.filter(pk__in=[c.record_id for c in changes]).values()
    rows: dict[str, dict[str, Any]] = {row["id"]: dict(row) for row in standing}
    drafts = []
    for change in changes:
        draft, conflicts = _old_values(table, change, rows.get(change.record_id))
        change.undone = not conflicts
        change.reason = f"changed since: {', '.join(conflicts)}" if conflicts else ""
        if draft:
            drafts.append({"id": change.record_id, **draft})
    found_steps = steps(table, drafts, source=found.source)
    apply_steps(table, found_steps, source=found.source, by=f"undo of {found.mark}", dating=Dating(at, by_person=True))


def _old_values(table: Table, change: RecordChange, row: dict[str, Any] | None) -> tuple[dict[str, Any], list[str]]:
    """(draft with the old values, attributes that were changed since)."""
    if row is None:
        return {}, ["the record is gone"]
    draft: dict[str, Any] = {}
    conflicts = []
    for attribute, new in change.new.items():
        name, _, key = attribute.partition(".")
        kind = table.columns[name].type
        now = (row["properties"] or {}).get(key) if key else as_text(kind, row[name])
        if now != new:
            conflicts.append(attribute)
        elif key:
            draft.setdefault("properties", {})[key] = change.old[attribute]
        elif name not in _LEFT_ALONE:
            draft[name] = from_text(kind, change.old[attribute])
    return draft, conflicts


def _delete(found: Import, table: Table, changes: Sequence[RecordChange], at: datetime) -> None:
    ids = [change.record_id for change in changes]
    touched = _changed_since(found, table, ids)
    for change in changes:
        change.undone = change.record_id not in touched
        change.reason = touched.get(change.record_id, "")
    going = [record_id for record_id in ids if record_id not in touched]
    by = f"undo of {found.mark}"
    if table.kind is Kind.FACT:
        withdraw(table.name, going)
        return
    delete(table.name, going, by=by, at=at)
    if table.name == "deals":
        visits = DealStageVisit.objects.filter(deal_id__in=going, deleted_at__isnull=True)
        delete("deal_stage_visits", list(visits.values_list("id", flat=True)), by=by, at=at)


def _changed_since(found: Import, table: Table, ids: Sequence[str]) -> dict[str, str]:
    """Why records that the import made are left: someone changed them since, or what stands refers to them."""
    if table.kind is Kind.FACT:
        return {}
    entries = AttributeValue.objects.filter(entity=table.entity, entity_id__in=ids)
    entries = entries.exclude(changed_by__in=[found.mark, f"undo of {found.mark}"])
    changed = {
        record_id: f"changed since by {who or 'someone'}"
        for record_id, who in entries.values_list("entity_id", "changed_by")
    }
    return changed if table.name == found.table else {**_referred_to(table, ids), **changed}


def _referred_to(table: Table, ids: Sequence[str]) -> dict[str, str]:
    """Records that were made because a row named them, and that records of other imports name too."""
    named: dict[str, str] = {}
    for other in TABLES.values():
        for column in other.own_columns if other.kind is Kind.RECORD else ():
            if column.refers_to == table.name:
                rows = model_of(other.name)._default_manager.filter(
                    deleted_at__isnull=True, **{f"{column.name}__in": ids}
                )
                referring = rows.values_list(column.name, flat=True).distinct()
                named |= dict.fromkeys(referring, f"{other.name} that stand refer to it")
    return named
