"""Subjects with the fields that conditions name, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.fields import FieldRef, read_column, subject_field, value_of
from rapport.engine.crm.tables import BY_ENTITY

SUBJECT_TABLES = {"contact": "contacts", "account": "accounts", "deal": "deals"}
LINKS = {
    "contact": {"account": "account_id"},
    "account": {},
    "deal": {"account": "account_id", "contact": "contact_id"},
}


@dataclass(frozen=True)
class Frame:
    """One row per subject.

    Attributes:
        rows: subject_id, created_at, account_id and contact_id (the subject itself, or what it is linked
            with; null where it has none), and one column per field.
        columns: field path -> column of `rows`.
        refs: field path -> what the field is.
    """

    subject: str
    rows: ir.Table
    columns: Mapping[str, str]
    refs: Mapping[str, FieldRef]


def subject_frame(
    view: AsOf, subject: str, paths: Iterable[str], *, needed_by: str, subjects: ir.Table | None = None
) -> Frame:
    """The subjects that stand at the view's instant, or those in `subjects` (subject_id), with fields `paths`.

    Raises: MissingTable naming `needed_by`; DefinitionError for a field that the subject has not.
    """
    refs = {path: subject_field(path, subject=subject) for path in dict.fromkeys(paths)}
    columns = {path: f"f{position}" for position, path in enumerate(refs)}
    rows = _own_rows(view, subject, refs, columns, needed_by=needed_by)
    if subjects is not None:
        rows = rows.semi_join(subjects, "subject_id")
    for entity in LINKS[subject]:
        linked = {path: ref for path, ref in refs.items() if ref.entity == entity}
        if linked:
            rows = _linked(rows, view, entity, linked, columns, needed_by=needed_by)
    return Frame(subject, rows, columns, refs)


def _own_rows(
    view: AsOf, subject: str, refs: Mapping[str, FieldRef], columns: Mapping[str, str], *, needed_by: str
) -> ir.Table:
    own = {path: ref for path, ref in refs.items() if ref.entity == subject}
    links = LINKS[subject]
    wanted = dict.fromkeys(("created_at", *links.values(), *(read_column(ref) for ref in own.values())))
    rows = view.table(SUBJECT_TABLES[subject], needed_by=needed_by, columns=list(wanted))
    ids = {
        f"{entity}_id": rows[links[entity]] if entity in links else ibis.null("string")
        for entity in ("account", "contact")
    }
    if f"{subject}_id" in ids:
        ids[f"{subject}_id"] = rows.id
    values = {columns[path]: value_of(rows[read_column(ref)], ref) for path, ref in own.items()}
    return rows.select(subject_id=rows.id, created_at=rows.created_at, **ids, **values)


def _linked(
    rows: ir.Table,
    view: AsOf,
    entity: str,
    refs: Mapping[str, FieldRef],
    columns: Mapping[str, str],
    *,
    needed_by: str,
) -> ir.Table:
    wanted = list(dict.fromkeys(read_column(ref) for ref in refs.values()))
    other = view.table(BY_ENTITY[entity].name, needed_by=needed_by, columns=wanted)
    values = {columns[path]: value_of(other[read_column(ref)], ref) for path, ref in refs.items()}
    other = other.select(_linked=other.id, **values)
    joined = rows.left_join(other, [(f"{entity}_id", "_linked")])
    return joined.mutate().drop("_linked")
