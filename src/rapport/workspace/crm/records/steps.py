"""What writing a draft would do: one step per draft, found without writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from rapport.engine.crm.tables import Change, Kind, Table
from rapport.workspace.crm.records.table_models import model_of
from rapport.workspace.crm.records.values import UnfitError, cleaners, shown
from rapport.workspace.lib.ids import new_ids

Draft = Mapping[str, Any]
_FACTS = uuid5(NAMESPACE_URL, "rapport:facts")
NOT_COLUMNS = frozenset({"id", "modified_at", "dated"})


class Verdict(StrEnum):
    """What becomes of a draft."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ERROR = "error"


@dataclass(slots=True)
class Step:
    """What becomes of one draft.

    Attributes:
        position: of the draft in its batch.
        values: NEW: every column given. UPDATED: those that change, with their new value; `properties` whole.
        old: UPDATED: the value before, of each column in `values`.
        current: UPDATED: the row as it stands.
        reason: ERROR: why, for people.
        modified_at: when the source last changed it; null where no source tells.
        dated: from when on a column's value holds, where the draft says so.
    """

    position: int
    verdict: Verdict
    id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    old: dict[str, Any] = field(default_factory=dict)
    current: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    modified_at: datetime | None = None
    dated: Mapping[str, datetime] = field(default_factory=dict)


def steps(table: Table, drafts: Sequence[Draft], *, source: str) -> list[Step]:
    """One step per draft, in order. Reads the rows that the drafts name by `id` or (source, `external_id`)."""
    rows = standing_rows(table, drafts, source=source)
    fresh = iter(new_ids(len(drafts)))
    taken: set[str] = set()
    found = []
    for position, draft in enumerate(drafts):
        fresh_id = next(fresh)
        try:
            step = _step(table, position, draft, rows, fresh_id, source)
        except UnfitError as error:
            step = Step(position, Verdict.ERROR, reason=str(error))
        found.append(_once(step, draft, taken))
    return found


def standing_rows(table: Table, drafts: Sequence[Draft], *, source: str) -> dict[str, dict[str, Any]]:
    """The rows that the drafts name, under their id and under `source id` (`=` and the external id)."""
    model = model_of(table.name)
    columns = [name for name in table.columns if name != "ingested_at"]
    ids = {str(draft["id"]) for draft in drafts if draft.get("id")}
    external = {str(draft["external_id"]) for draft in drafts if draft.get("external_id") and not draft.get("id")}
    rows: list[dict[str, Any]] = []
    if external and table.kind is Kind.FACT:
        ids |= {fact_id(table.name, source, key) for key in external}
    elif external:
        rows += model._default_manager.filter(source=source, external_id__in=external).values(*columns)
    if ids:
        rows += model._default_manager.filter(pk__in=ids).values(*columns)
    named = {row["id"]: row for row in rows}
    named |= {f"={row['external_id']}": row for row in rows if row["external_id"] and row["source"] == source}
    return named


def fact_id(table: str, source: str, external_id: str) -> str:
    """The id of a fact that its source names: made from that name, so that it is found again by its key."""
    return str(uuid5(_FACTS, f"{table}\n{source}\n{external_id}"))


def _step(
    table: Table, position: int, draft: Draft, rows: Mapping[str, dict[str, Any]], fresh_id: str, source: str
) -> Step:
    values = _cleaned(table, draft)
    row = rows.get(draft["id"]) if draft.get("id") else rows.get(f"={values.get('external_id')}")
    step = Step(
        position, Verdict.NEW, modified_at=draft.get("modified_at"), dated=draft.get("dated") or {}, values=values
    )
    if row is None:
        named = table.kind is Kind.FACT and values.get("external_id")
        step.id = draft.get("id") or (fact_id(table.name, source, named) if named else fresh_id)
        _require(table, values)
        return step
    step.id = row["id"]
    step.current = row
    return _changed(table, step, row)


def _cleaned(table: Table, draft: Draft) -> dict[str, Any]:
    clean = cleaners(table.name)
    values = {}
    for name, value in draft.items():
        if name in NOT_COLUMNS:
            continue
        if name not in clean:
            raise UnfitError(f"{table.name} has no column {name}")
        values[name] = None if value is None else clean[name](value)
    return values


def _require(table: Table, values: Mapping[str, Any]) -> None:
    for column in table.own_columns:
        if column.required and values.get(column.name) is None:
            raise UnfitError(f"{column.name} is missing ({column.description[:1].lower()}{column.description[1:]})")


def _changed(table: Table, step: Step, row: Mapping[str, Any]) -> Step:
    """The step of a draft whose row stands: only what differs remains."""
    new: dict[str, Any] = {}
    if row["deleted_at"] is not None and "deleted_at" not in step.values:
        new["deleted_at"] = None  # a row that is imported again stands again
    for name, value in step.values.items():
        if name == "properties":
            value = _merged(row["properties"], value)
        if value == row[name] or _stays(table, name, row, value):
            continue
        new[name] = value
    step.values = new
    step.old = {name: row[name] for name in new}
    step.verdict = Verdict.UPDATED if new else Verdict.UNCHANGED
    return step


def _stays(table: Table, name: str, row: Mapping[str, Any], new: object) -> bool:
    """Whether a differing value is passed over: what the first source said of ids and times stands."""
    old = row[name]
    if name in ("source", "external_id"):
        return row["external_id"] is not None
    if name in ("created_at", "recorded_at", "recorded_at_assumed", "ingested_at"):
        return old is not None or name != "created_at"
    fixed = table.kind is Kind.FACT or table.columns[name].change is Change.IMMUTABLE
    if name == "deleted_at" or not fixed or (old is None and table.kind is Kind.RECORD):
        return False
    raise UnfitError(f"{name} of a row of {table.name} never changes: it is {shown(old)}, now {shown(new)} came")


def _merged(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Custom fields after an update: those that are given, over those that stand; an emptied one goes."""
    if new is None:
        return None
    merged = {**(old or {}), **new}
    return {key: value for key, value in merged.items() if value is not None} or None


def _once(step: Step, draft: Draft, taken: set[str]) -> Step:
    """The step, or an error where an earlier draft of the batch is about the same row."""
    if step.verdict is Verdict.ERROR:
        return step
    keys = {step.id} | ({f"={draft['external_id']}"} if draft.get("external_id") else set())
    if keys & taken:
        return Step(step.position, Verdict.ERROR, reason="an earlier row of the same batch has the same id")
    taken |= keys
    return step


__all__ = ["Draft", "Step", "Verdict", "fact_id", "standing_rows", "steps"]
