"""Cohorts: customers told apart by fields of theirs (sector, channel), so that models are fitted apart."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.fields import FieldRef, read_column, subject_field, value_of
from rapport.engine.scores.lifetime.spec import CustomerDefinition

JOINED_BY = " / "
UNKNOWN = "unknown"


def with_cohort(rows: ir.Table, definition: CustomerDefinition, view: AsOf) -> ir.Table:
    """`rows` (subject_id) with `cohort`: the fields' values as of the instant, joined; null without cohorts."""
    if not definition.cohorts:
        return rows.mutate(cohort=ibis.null("string"))
    refs = [subject_field(path, subject=definition.subject) for path in definition.cohorts]
    for position, ref in enumerate(refs):
        rows = _with_field(rows, ref, definition, view, name=f"_cohort{position}")
    parts = [rows[f"_cohort{i}"].fill_null(UNKNOWN) for i in range(len(refs))]
    label = parts[0]
    for part in parts[1:]:
        label = label + JOINED_BY + part
    return rows.mutate(cohort=label).drop(*(f"_cohort{i}" for i in range(len(refs))))


def _with_field(rows: ir.Table, ref: FieldRef, definition: CustomerDefinition, view: AsOf, *, name: str) -> ir.Table:
    """`rows` with a field of the subject, or of its account, as text; null where it is not mapped."""
    if not view.has(ref.table):
        return rows.mutate(**{name: ibis.null("string")})
    column, needed_by = read_column(ref), f"the score {definition.name}"
    table = view.table(ref.table, needed_by=needed_by, columns=[column])
    values = table.select(_key=table.id, _value=value_of(table[column], ref).cast("string"))
    if ref.entity != definition.subject:
        own = view.table(f"{definition.subject}s", needed_by=needed_by, columns=["account_id"])
        own = own.select(_own=own.id, _account=own.account_id)
        joined = own.left_join(values, [("_account", "_key")])
        values = joined.select(_key=joined["_own"], _value=joined["_value"])
    found = rows.left_join(values, [("subject_id", "_key")])
    return found.mutate(**{name: found["_value"]}).drop("_key", "_value")
