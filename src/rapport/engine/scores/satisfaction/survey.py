"""The score of a survey: answers counted for each subject, with the value, its interval and its label."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.exact import Whole
from rapport.engine.scores.satisfaction.answers import COUNTS, answers, counted_answers
from rapport.engine.scores.satisfaction.figures import intervals, values
from rapport.engine.scores.satisfaction.spec import SatisfactionDefinition, Survey
from rapport.engine.scores.subject_rows import LEFT_OUT, standing

NO_ANSWER = "no answer"
_INT = pa.int64()


def survey_rows(
    definition: SatisfactionDefinition, view: AsOf, *, runner: Runner, subjects: ir.Table | None = None
) -> ir.Table:
    """One row per subject: subject_id, micro, low_micro, high_micro, matrix, reason_null and the counts of answers.

    Contacts have no interval: what one person said is no sample. `matrix` of NPS: promoter, passive or
    detractor of a contact; promoters, mixed or detractors of an account, by which side of 0 its interval lies.
    """
    survey = definition.survey
    assert survey is not None
    rows = standing(definition, view, subjects)
    if not view.has("survey_answers"):
        nothing = {name: ibis.null("int64") for name in ("micro", "low_micro", "high_micro", *COUNTS)}
        return rows.select(
            "subject_id", **nothing, matrix=ibis.null("string"), reason_null=ibis.literal("survey_answers not mapped")
        )
    zone = definition.time_zone or view.snapshot.time_zone
    told = answers(survey, view, subject=definition.subject, time_zone=zone, needed_by=f"the score {definition.name}")
    counts = valued(counted_answers(told, survey), survey, runner=runner, with_interval=definition.subject == "account")
    rows = rows.left_join(counts.rename(_who="subject_id"), [("subject_id", "_who")]).mutate().drop("_who")
    enough = rows.answers.fill_null(0) >= survey.fewest
    reason = ibis.coalesce(
        rows[LEFT_OUT], ibis.ifelse(rows.answers.isnull(), NO_ANSWER, f"fewer than {survey.fewest} answers")
    )
    counted = enough & rows[LEFT_OUT].isnull()
    shown = {
        name: ibis.ifelse(counted, rows[name], ibis.null("int64")) for name in ("micro", "low_micro", "high_micro")
    }
    rows = rows.mutate(**shown, reason_null=reason)
    return rows.mutate(matrix=_label(definition, survey, rows)).drop(LEFT_OUT)


def valued(counts: ir.Table, survey: Survey, *, runner: Runner, with_interval: bool) -> ir.Table:
    """`counts` with micro, low_micro and high_micro."""
    schema = pa.schema(
        [("subject_id", pa.string()), *((name, _INT) for name in (*COUNTS, "micro", "low_micro", "high_micro"))]
    )

    def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
        columns: Mapping[str, Whole] = {c: batch[c].to_numpy(zero_copy_only=False).astype(np.int64) for c in COUNTS}
        nothing = [None] * batch.num_rows
        low, high = intervals(survey, columns) if with_interval else (nothing, nothing)
        found = [values(survey, columns).astype(np.int64), low, high]
        own = [batch[name] for name in ("subject_id", *COUNTS)]
        return pa.RecordBatch.from_arrays([*own, *(pa.array(one, _INT) for one in found)], schema=schema)

    return runner.map_batches(counts.select("subject_id", *COUNTS), apply, schema)


def _label(definition: SatisfactionDefinition, survey: Survey, rows: ir.Table) -> ir.StringValue:
    if survey.ask != "nps":
        return ibis.null("string")
    if definition.subject == "account":
        return ibis.cases((rows.low_micro > 0, "promoters"), (rows.high_micro < 0, "detractors"), else_="mixed")
    return ibis.cases((rows.micro > 0, "promoter"), (rows.micro < 0, "detractor"), else_="passive")
