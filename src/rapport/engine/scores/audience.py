"""Who is scored: members of an included segment and of no excluded one."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.memberships import with_membership
from rapport.engine.scores.definition_base import ScoreDefinition

NOT_INCLUDED, EXCLUDED = "not in the audience", "excluded from the audience"


def with_audience(rows: ir.Table, definition: ScoreDefinition, view: AsOf, *, name: str) -> ir.Table:
    """`rows` (subject_id) with the text column `name`: why the subject is not scored, null where it is."""
    reason = ibis.null("string")
    if definition.audience.include:
        rows = with_membership(rows, view, definition.subject, definition.audience.include, name="_included")
        reason = ibis.ifelse(rows._included, reason, NOT_INCLUDED)
    if definition.audience.exclude:
        rows = with_membership(rows, view, definition.subject, definition.audience.exclude, name="_excluded")
        reason = ibis.ifelse(rows._excluded, EXCLUDED, reason)
    rows = rows.mutate(**{name: reason.cast("string")})
    return rows.drop(*(c for c in ("_included", "_excluded") if c in rows.columns))
