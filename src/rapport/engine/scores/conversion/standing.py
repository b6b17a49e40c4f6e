"""Who can be scored at an instant: known, in the audience, still open, and without the outcome so far."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import SUBJECT_TABLES
from rapport.engine.crm.events import table_of
from rapport.engine.runner import Runner
from rapport.engine.scores.audience import with_audience
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.features.happenings import NEEDED_BY, status_then
from rapport.engine.scores.outcome import known

HAD_IT = "had the outcome already"
CLOSED = "closed already"


def standing(
    definition: ConversionDefinition, view: AsOf, *, runner: Runner, subjects: ir.Table | None = None
) -> ir.Table:
    """One row per subject that stands: subject_id and left_out, why it has no score (null where it may have one).

    Without a score are those outside the audience, those that had the outcome by then (where it is not
    repeatable), and deals that are won or lost.
    """
    deals = definition.subject == "deal"
    columns = ["id", "status", "closed_at"] if deals else ["id"]
    rows = view.table(SUBJECT_TABLES[definition.subject], needed_by=NEEDED_BY, columns=columns)
    closed = status_then(rows, view) != "open" if deals else ibis.literal(False)
    rows = rows.select(subject_id=rows.id, _closed=closed)
    if subjects is not None:
        asked = subjects.select(_asked=subjects.subject_id).distinct()
        rows = rows.semi_join(asked, rows.subject_id == asked["_asked"])
    rows = _with_had(rows, definition, view, runner)
    rows = with_audience(rows, definition, view, name="_outside")
    reason = ibis.cases(
        (rows["_outside"].notnull(), rows["_outside"]),
        (rows["_had"], HAD_IT),
        (rows["_closed"], CLOSED),
        else_=ibis.null("string"),
    )
    return rows.select("subject_id", left_out=reason)


def _with_had(rows: ir.Table, definition: ConversionDefinition, view: AsOf, runner: Runner) -> ir.Table:
    if definition.outcome.repeatable or not view.has(table_of(definition.outcome.event)):
        return rows.mutate(_had=ibis.literal(False))
    had = pa.array(sorted(known(definition, view, runner).had_by(view.at)), pa.string())
    joined = rows.left_join(runner.from_arrow(pa.table({"_id": had})), [("subject_id", "_id")])
    return joined.mutate(_had=joined["_id"].notnull()).drop("_id")
