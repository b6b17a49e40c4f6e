"""Marking the subjects of a change, in its transaction, so that their live scores are computed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from rapport.engine.crm.tables import TABLES, Table
from rapport.workspace.crm.records.models import Interaction, TouchMark
from rapport.workspace.crm.records.table_models import model_of
from rapport.workspace.lib import bulk

_COLUMNS = ("contact_id", "account_id", "deal_id", "wide", "touched_at", "due_at")
_OWN = {"contacts": "contact_id", "accounts": "account_id", "deals": "deal_id"}
_THROUGH = {  # tables that are about a subject by way of another row
    "order_lines": ("orders", "order_id"),
    "refunds": ("orders", "order_id"),
    "case_events": ("cases", "case_id"),
    "sla_targets": ("cases", "case_id"),
    "deal_stage_visits": ("deals", "deal_id"),
    "proposals": ("deals", "deal_id"),
}
_LEADING = frozenset(
    {"id", "contact_id", "account_id", "deal_id", "order_id", "case_id", "anonymous_id", "interaction_id"}
    | {"entity", "from_id", "to_id", "subject", "subject_id"}
)
_NARROW = frozenset({"interactions", "interaction_flags", "consents", "campaign_members", "survey_answers"})


class Touch(NamedTuple):
    """Whom a change is about, and from when on it counts (None: at once)."""

    contact_id: str | None = None
    account_id: str | None = None
    deal_id: str | None = None
    wide: bool = False
    due_at: datetime | None = None


def touch(touches: Iterable[Touch], *, at: datetime) -> int:
    """Write a mark for each that names somebody, in the transaction under way; how many."""
    rows = [
        (*t[:4], at, max(at, t.due_at) if t.due_at else at)
        for t in touches
        if t.contact_id or t.account_id or t.deal_id
    ]
    bulk.insert(TouchMark, _COLUMNS, rows)
    return len(rows)


def touch_of(subject: str, subject_id: str, *, due_at: datetime | None = None) -> Touch:
    """A touch of one contact, account or deal alone."""
    ids = {kind: subject_id if kind == subject else None for kind in ("contact", "account", "deal")}
    return Touch(ids["contact"], ids["account"], ids["deal"], due_at=due_at)


def touches_of(table: str, rows: Iterable[Mapping[str, Any]]) -> list[Touch]:
    """Whom written rows (column -> value, `id` among them) are about; nobody for tables about nobody."""
    declared = TABLES[table]
    if table == "interaction_flags":
        return _of_flagged([row["interaction_id"] for row in rows])
    if table == "identity_links":
        return [touch for row in rows for touch in _of_link(row)]
    if table == "segment_memberships":
        return [touch_of(row["subject"], row["subject_id"]) for row in rows if row.get("subject")]
    if table in _THROUGH:
        through, column = _THROUGH[table]
        return _of_others(through, [row[column] for row in rows if row.get(column)])
    if table in _OWN or {"contact_id", "account_id", "deal_id"} & set(declared.columns):
        return [_of_row(declared, row) for row in rows]
    return []


def touches_of_ids(table: str, ids: Sequence[str]) -> list[Touch]:
    """Whom the rows with these ids are about."""
    model = model_of(table)
    kept = [f.attname for f in model._meta.concrete_fields if f.attname in _LEADING]
    return touches_of(table, model._default_manager.filter(pk__in=ids).values(*kept)) if kept else []


def _of_row(table: Table, row: Mapping[str, Any]) -> Touch:
    own = {_OWN[table.name]: row["id"]} if table.name in _OWN else {}
    contact, account, deal = ({**row, **own}.get(name) for name in ("contact_id", "account_id", "deal_id"))
    due = row.get(table.occurred_at) if table.occurred_at else None
    contact = contact or row.get("anonymous_id")  # a visitor's id leads to whom the visitor turned out to be
    return Touch(contact, account, deal, wide=table.name not in _NARROW, due_at=due)


def _of_link(row: Mapping[str, Any]) -> list[Touch]:
    entity = "account" if row["entity"] == "account" else "contact"
    return [touch_of(entity, row[end])._replace(wide=True) for end in ("from_id", "to_id")]


def _of_flagged(ids: Sequence[str]) -> list[Touch]:
    found = Interaction.objects.filter(pk__in=ids).values_list("contact_id", "account_id", "deal_id", "anonymous_id")
    return [Touch(contact or visitor, account, deal) for contact, account, deal, visitor in found]


def _of_others(table: str, ids: Sequence[str]) -> list[Touch]:
    """Of rows that another table's rows belong to; what they lead to counts for everybody of the account."""
    return [touch._replace(wide=True) for touch in touches_of_ids(table, ids)]
