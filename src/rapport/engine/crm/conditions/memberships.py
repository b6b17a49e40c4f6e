"""Who is in a segment as of an instant."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf


def with_membership(rows: ir.Table, view: AsOf, subject: str, segments: Sequence[str], *, name: str) -> ir.Table:
    """`rows` (subject_id) with a boolean `name`: in one of the segments; never unknown."""
    if not view.has("segment_memberships") or not segments:
        return rows.mutate(**{name: ibis.literal(False)})
    stays = view.table(
        "segment_memberships", needed_by="segments", columns=["segment", "subject", "subject_id", "left_at"]
    )
    stays = stays.filter((stays.subject == subject) & stays.segment.isin(list(segments)) & stays.left_at.isnull())
    members = stays.select(_member=stays.subject_id).distinct()
    joined = rows.left_join(members, [("subject_id", "_member")])
    return joined.mutate(**{name: joined._member.notnull()}).drop("_member")
