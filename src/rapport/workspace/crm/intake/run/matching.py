"""Which record a row is about: by its id in the source, else by what identifies such records, else by all it says.

| table             | identified by                        |
| ----------------- | ------------------------------------ |
| contacts          | e-mail address                       |
| accounts          | domain, else name                    |
| products          | article number, else name            |
| users             | e-mail address, else name            |
| campaigns, teams  | name                                 |
| campaign_members  | campaign and contact                 |
| deals             | name and account                     |
| deal_stage_visits | deal, stage and when it was entered  |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rapport.engine.crm.tables import TABLES, Kind
from rapport.workspace.crm.intake.run.drafting import Drafted, row_key
from rapport.workspace.crm.intake.run.references import folded, look_up, sort_keys
from rapport.workspace.crm.records.table_models import model_of
from rapport.workspace.lib.sort_key import SortKey

NATURAL: dict[str, tuple[str, ...]] = {
    "contacts": ("email",),
    "accounts": ("domain", "name"),
    "products": ("sku", "name"),
    "users": ("email", "name"),
    "campaigns": ("name",),
    "teams": ("name",),
}
TOGETHER: dict[str, tuple[str, ...]] = {
    "campaign_members": ("campaign_id", "contact_id"),
    "deals": ("account_id", "name"),
    "deal_stage_visits": ("deal_id", "stage", "entered_at"),
}
_PERSONAL = {"contacts": "email", "users": "email"}
"""What identifies a person even where the source gives ids."""


class Standing(NamedTuple):
    """A record found by what identifies it."""

    id: str
    external_id: str | None


def file_keys(table: str, row: Drafted) -> list[str]:
    """What names a row within its file: two rows with a key in common are about the same record.

    Gives a row that nothing names a key made of all it says; that becomes its `external_id`.
    """
    draft = row.draft
    keys = []
    if draft.get("external_id"):
        keys.append(f"id {draft['external_id']}")
        personal = draft.get(_PERSONAL.get(table, ""))
        return [*keys, f"{_PERSONAL[table]} {personal}"] if personal else keys
    if natural := _natural(table, draft):
        return [f"{natural} {folded(natural, draft[natural])}"]
    if table in TOGETHER and _named_together(table, row):
        return [repr([(name, row.references.get(name) or draft.get(name)) for name in TOGETHER[table]])]
    draft["external_id"] = row_key(row)
    return [f"id {draft['external_id']}"]


def match(table: str, rows: Sequence[Drafted], *, source: str) -> dict[int, str]:
    """Name in each draft the record it is about, where one stands.

    Returns: by row number, the id of the record it doubles, for rows that must not be written.
    """
    if TABLES[table].kind is Kind.FACT:
        return {}
    known = look_up(
        table, "external_id", {r.draft["external_id"] for r in rows if r.draft.get("external_id")}, source=source
    )
    strange = [row for row in rows if row.draft.get("external_id") not in known]
    doubles = _by_natural_key(table, strange, source=source)
    _by_several(table, strange)
    return doubles


def _natural(table: str, draft: dict[str, Any]) -> str:
    return next((name for name in NATURAL.get(table, ()) if draft.get(name)), "")


def _named_together(table: str, row: Drafted) -> bool:
    return all(name in row.references or row.draft.get(name) is not None for name in TOGETHER[table])


def _by_natural_key(table: str, rows: Sequence[Drafted], *, source: str) -> dict[int, str]:
    doubles: dict[int, str] = {}
    for column in NATURAL.get(table, ()):
        asked = [row for row in rows if _natural(table, row.draft) == column]
        standing = _standing(table, column, {row.draft[column] for row in asked})
        for row in asked:
            record = standing.get(folded(column, row.draft[column]))
            if record is not None and not _is_about(table, column, row, record, source=source):
                doubles[row.number] = record.id
    return doubles


def _is_about(table: str, column: str, row: Drafted, record: Standing, *, source: str) -> bool:
    """Let the row be about the record, unless it doubles it: then False."""
    draft = row.draft
    if not draft.get("external_id"):
        draft["id"] = record.id
    elif record.external_id is None:
        draft.update(id=record.id, source=source)  # it was only named until now: it gets its id
    elif table == "users":
        draft["id"] = record.id  # a person who works here is one, whatever the sources call them
        del draft["external_id"]
    elif _PERSONAL.get(table) == column:
        return False
    return True


def _standing(table: str, column: str, names: set[str]) -> dict[str, Standing]:
    if not names:
        return {}
    rows = model_of(table)._default_manager.filter(deleted_at__isnull=True).annotate(same=SortKey(column))
    found = rows.filter(same__in=sort_keys(names)).order_by("-id")
    return {
        folded(column, name): Standing(row_id, external_id)
        for name, row_id, external_id in found.values_list(column, "id", "external_id")
    }


def _by_several(table: str, rows: Sequence[Drafted]) -> None:
    columns = TOGETHER.get(table)
    asked = [
        r
        for r in rows
        if columns and not r.draft.get("external_id") and all(r.draft.get(c) is not None for c in columns)
    ]
    if not columns or not asked:
        return
    wanted = {f"{column}__in": {row.draft[column] for row in asked} for column in columns}
    found = model_of(table)._default_manager.filter(deleted_at__isnull=True, **wanted).order_by("-id")
    standing = {values[1:]: values[0] for values in found.values_list("id", *columns)}
    for row in asked:
        record_id = standing.get(tuple(row.draft[column] for column in columns))
        if record_id is not None:
            row.draft["id"] = record_id
