"""The rows that every kind begins and ends with: who stands at the instant, and the columns of a score."""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import SUBJECT_TABLES
from rapport.engine.runner import Runner
from rapport.engine.scores.audience import with_audience
from rapport.engine.scores.bands import band_label
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.population import PopulationRun, points_of, with_percentile

COLUMNS = ("subject_id", "value", "fit", "engagement", "matrix", "band", "percentile", "reason_null")
LEFT_OUT = "_left_out"


def asked_for(subject_ids: Iterable[str], runner: Runner) -> ir.Table:
    """A few subjects as a table of the engine: subject_id."""
    return runner.from_arrow(pa.table({"subject_id": pa.array(list(subject_ids), pa.string())}))


def present(definition: ScoreDefinition, view: AsOf, subjects: ir.Table | None) -> ir.Table:
    """Subjects at the instant, in the audience or not: subject_id. `subjects`, only these."""
    rows = view.table(SUBJECT_TABLES[definition.subject], needed_by=f"the score {definition.name}", columns=["id"])
    rows = rows.select(subject_id=rows.id)
    if subjects is None:
        return rows
    asked = subjects.select(_asked=subjects.subject_id).distinct()
    return rows.semi_join(asked, rows.subject_id == asked["_asked"])


def standing(definition: ScoreDefinition, view: AsOf, subjects: ir.Table | None) -> ir.Table:
    """Subjects at the instant: subject_id and `_left_out` (why it is not scored, null for the others)."""
    return with_audience(present(definition, view, subjects), definition, view, name=LEFT_OUT)


def finished(
    definition: ScoreDefinition,
    rows: ir.Table,
    *,
    run: PopulationRun | None,
    runner: Runner,
    more: tuple[str, ...] = (),
    members: bool = False,
) -> ir.Table:
    """The columns of a score, and `more`.

    Parameters:
        rows: one per subject: subject_id, micro and reason_null; fit_micro and engagement_micro, matrix, where the kind
            has them. What belongs to a subject without a value is emptied.
        members: whether the run was made of these very rows.
    """
    known = rows.micro.notnull()
    labelled = rows.select(
        "subject_id",
        "micro",
        *more,
        value=points_of(rows.micro),
        fit=_amount(rows, "fit_micro", known),
        engagement=_amount(rows, "engagement_micro", known),
        matrix=ibis.ifelse(known, rows.matrix, ibis.null("string")) if "matrix" in rows.columns else _NO_TEXT,
        band=band_label(rows.micro, definition.bands),
        reason_null=ibis.ifelse(known, ibis.null("string"), rows.reason_null),
    )
    return with_percentile(labelled, run=run, runner=runner, members=members).select(*COLUMNS, *more)


_NO_TEXT = ibis.null("string")


def _amount(rows: ir.Table, name: str, known: ir.BooleanValue) -> ir.DecimalValue:
    if name not in rows.columns:
        return ibis.null("decimal(18, 6)")
    return points_of(ibis.ifelse(known, rows[name], ibis.null("int64")))
