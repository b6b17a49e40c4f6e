"""Entries of `attribute_history`: which value of which record held from when on, and since when that was known.

| value is                      | valid_from                | recorded_at                       |
| ----------------------------- | ------------------------- | --------------------------------- |
| dated by the draft            | that instant              | that instant, not after the write |
| a milestone (`closed_at`)     | itself                    | itself, not after the write       |
| dated by another column (won) | that column (`closed_at`) | the same, not after the write     |
| any other, the source tells   | the source's modified time| the same                          |
| any other                     | the write                 | the write                         |

A change that a person makes here is recorded when it is made. A later value is never dated before the one it replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max, Q

from rapport.engine.crm.tables import Change, Column, Kind, Table
from rapport.workspace.crm.records.models import AttributeValue
from rapport.workspace.crm.records.steps import Step, Verdict
from rapport.workspace.crm.records.values import as_text
from rapport.workspace.lib import bulk
from rapport.workspace.lib.ids import new_ids

_COLUMNS = (
    *("id", "created_at", "deleted_at", "batch", "entity", "changed_by"),
    *("entity_id", "attribute", "value", "valid_from", "recorded_at", "recorded_at_assumed"),
)


class Entry(NamedTuple):
    """One entry to write; assumed: no source told `recorded_at`."""

    entity_id: str
    attribute: str
    value: str | None
    valid_from: datetime
    recorded_at: datetime
    assumed: bool


class Dating(NamedTuple):
    """When a write happens. by_person: it is made here, now, so `recorded_at` is `at` whatever it says."""

    at: datetime
    by_person: bool = False


def write_entries(table: Table, entries: Iterable[Entry], *, by: str) -> None:
    """Add entries for records of a table."""
    rows = list(entries)
    ids = new_ids(len(rows))
    bulk.insert(
        AttributeValue,
        _COLUMNS,
        [(row_id, None, None, None, table.entity, by, *entry) for row_id, entry in zip(ids, rows, strict=True)],
    )


def entries_of(table: Table, found: Sequence[Step], dating: Dating) -> list[Entry]:
    """The entries that a batch of steps leaves: first values of new records, changed values of others."""
    if table.kind is Kind.FACT:
        return []
    entries = [entry for step in found if step.verdict is Verdict.NEW for entry in first_entries(table, step, dating)]
    updated = [step for step in found if step.verdict is Verdict.UPDATED]
    if updated:
        newest = _newest(table, updated)
        entries += [entry for step in updated for entry in _later_entries(table, step, dating, newest)]
    return entries


def first_entries(table: Table, step: Step, dating: Dating) -> Iterator[Entry]:
    """An entry for each changeable column that has a value."""
    values = step.values
    for column in table.changeable:
        value = values.get(column.name)
        if value is None:
            continue
        if column.name == "properties":
            valid, recorded, assumed = _dated(column, None, step, values, dating)
            for key, text in value.items():
                if text is not None:
                    yield Entry(step.id, f"properties.{key}", text, valid, recorded, assumed)
        else:
            valid, recorded, assumed = _dated(column, value, step, values, dating)
            yield Entry(step.id, column.name, as_text(column.type, value), valid, recorded, assumed)


def _later_entries(
    table: Table, step: Step, dating: Dating, newest: Mapping[tuple[str, str], tuple[datetime, datetime]]
) -> Iterator[Entry]:
    values = {**step.current, **step.values}
    for column in table.changeable:
        if column.name not in step.values:
            continue
        value = step.values[column.name]
        valid, recorded, assumed = _dated(column, value, step, values, dating)
        for attribute, text in _changed_texts(column, step.old[column.name], value):
            last_valid, last_recorded = newest.get((step.id, attribute), (valid, recorded))
            yield Entry(step.id, attribute, text, max(valid, last_valid), max(recorded, last_recorded), assumed)


def _changed_texts(column: Column, old: Any, new: Any) -> list[tuple[str, str | None]]:
    if column.name != "properties":
        return [(column.name, as_text(column.type, new))]
    before, after = old or {}, new or {}
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [(f"properties.{key}", after.get(key)) for key in keys]


def _dated(
    column: Column, value: Any, step: Step, values: Mapping[str, Any], dating: Dating
) -> tuple[datetime, datetime, bool]:
    """(valid_from, recorded_at, assumed) of a value."""
    when = step.dated.get(column.name)
    if when is None and column.change is Change.MILESTONE:
        when = value
    if when is None and column.dated_by:
        told_by = column.dated_by.get(value) or column.dated_by.get("*")
        when = values.get(told_by) if told_by else None
    if when is not None:
        if dating.by_person:
            return when, dating.at, False
        return when, min(when, dating.at), True
    if step.modified_at is not None and not dating.by_person:
        return step.modified_at, min(step.modified_at, dating.at), False
    return dating.at, dating.at, not dating.by_person


def _newest(table: Table, updated: Sequence[Step]) -> dict[tuple[str, str], tuple[datetime, datetime]]:
    """The newest entry's valid_from and recorded_at of each (record, attribute) that changes."""
    changing = {name for step in updated for name in step.values}
    attributes = Q(attribute__in=changing)
    if "properties" in changing:
        attributes |= Q(attribute__startswith="properties.")
    found = (
        AttributeValue.objects.filter(attributes, entity=table.entity, entity_id__in=[step.id for step in updated])
        .values_list("entity_id", "attribute")
        .annotate(valid=Max("valid_from"), recorded=Max("recorded_at"))
    )
    return {(entity_id, attribute): (valid, recorded) for entity_id, attribute, valid, recorded in found}


__all__ = ["Dating", "Entry", "entries_of", "first_entries", "write_entries"]
