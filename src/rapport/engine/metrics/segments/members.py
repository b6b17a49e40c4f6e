"""Who is in a segment as of an instant: a pure function of the definition and the facts known then."""

from __future__ import annotations

from functools import reduce

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import SUBJECT_TABLES
from rapport.engine.metrics.segments.spec import HOLDS, Scored, SegmentDefinition
from rapport.engine.runner import Runner
from rapport.engine.scores.points.expression import Points


def members(definition: SegmentDefinition, view: AsOf, *, runner: Runner, subjects: ir.Table | None = None) -> ir.Table:
    """One row per member that stands at the view's instant: subject_id.

    Parameters: subjects (subject_id), only these; everyone by default.
    Raises: MissingTable or MissingColumn where what it asks for is not there, naming it.
    """
    parts = [_scored(one, definition.subject, view) for one in definition.scores]
    rules = definition.rules()
    if rules is not None:
        points = Points(rules, view, runner, subjects)
        for table in points.missing:  # not being known is not the same as not being so
            view.snapshot.table(table, needed_by="the segment")
        told = points.scores()
        parts.insert(0, told.filter(told.band == HOLDS).select("subject_id"))
    else:
        parts.insert(0, _standing(definition, view, subjects))
    return reduce(lambda found, part: found.semi_join(part, "subject_id"), parts)


def _standing(definition: SegmentDefinition, view: AsOf, subjects: ir.Table | None) -> ir.Table:
    rows = view.table(SUBJECT_TABLES[definition.subject], needed_by="the segment", columns=["created_at"])
    standing = rows.select(subject_id="id")
    return standing if subjects is None else standing.semi_join(subjects, "subject_id")


def _scored(one: Scored, subject: str, view: AsOf) -> ir.Table:
    """Subjects whose newest value of the score by the instant is as asked."""
    columns = ["score", "subject", "subject_id", "as_of", "value", "band", "matrix", "computed_at"]
    rows = view.table("score_values", needed_by="the segment", columns=columns)
    rows = rows.filter((rows.score == one.score) & (rows.subject == subject))
    newest = ibis.window(
        group_by=rows.subject_id, order_by=[rows.as_of.desc(), rows.computed_at.desc(), rows.id.desc()]
    )
    rows = rows.mutate(_place=ibis.row_number().over(newest)).filter(lambda t: t._place == 0)
    kept = rows.value.notnull()
    if one.bands:
        kept = kept & rows.band.isin(list(one.bands))
    if one.cells:
        kept = kept & rows.matrix.isin(list(one.cells))
    if one.at_least is not None:
        kept = kept & (rows.value >= ibis.literal(one.at_least, type="decimal(18, 6)"))
    if one.below is not None:
        kept = kept & (rows.value < ibis.literal(one.below, type="decimal(18, 6)"))
    return rows.filter(kept.fill_null(False)).select("subject_id")
