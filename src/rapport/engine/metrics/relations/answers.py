"""Survey answers: one per person and survey in a period, the newest."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relation import Dimension, Relation, column, through

_REFERENCES = ("contact_id", "account_id", "case_id", "deal_id", "order_id")
_DIMENSIONS: dict[str, Dimension] = {
    "survey": column("survey"),
    "account": column("account_id"),
    "industry": through("account_id", "accounts", "industry"),
    "country": through("contact_id", "contacts", "country"),
    "owner": through("case_id", "cases", "owner_id"),
    "channel": through("case_id", "cases", "channel"),
}


def _answers(reading: Reading, kind: str) -> ir.Table:
    rows = reading.lookup(
        "survey_answers", ["kind", "score", "scale_min", "scale_max", "survey", "answered_at", "comment", *_REFERENCES]
    )
    return rows.filter((rows.kind == kind) & rows.score.notnull()).mutate(at=lambda t: t.answered_at)


def _nps(reading: Reading) -> ir.Table:
    """One row per answer from 0 to 10: at, who, promoter (9-10), passive (7-8), detractor (0-6)."""
    rows = _answers(reading, "nps")
    rows = rows.filter(rows.score.between(0, 10))
    return rows.mutate(
        who=ibis.coalesce(rows.contact_id, rows.id),
        about=ibis.literal(""),
        promoter=rows.score >= 9,
        passive=(rows.score >= 7) & (rows.score < 9),
        detractor=rows.score < 7,
    )


def _csat(reading: Reading) -> ir.Table:
    """One row per answer on a scale of 1 to 5, of bad (0) and good (1), or of 1 to 10: at, who, about, and

    boxed, satisfied    on one of the first two scales; 4 or 5, or good
    on_five             on the scale of 1 to 5
    on_ten, delighted   on the scale of 1 to 10; 9 or 10
    """
    rows = _answers(reading, "csat")
    two = (rows.scale_max == 1).fill_null(False) & rows.score.isin([0, 1])
    five = (rows.scale_max == 5).fill_null(True) & (rows.scale_min == 1).fill_null(True) & rows.score.between(1, 5)
    ten = (rows.scale_max == 10).fill_null(False) & (rows.scale_min == 1).fill_null(True) & rows.score.between(1, 10)
    rows = rows.mutate(_two=two, on_five=five & ~two, on_ten=ten)
    rows = rows.filter(rows.on_five | rows._two | rows.on_ten)
    return rows.mutate(
        who=ibis.coalesce(rows.contact_id, rows.id),
        about=_about(rows),
        boxed=rows.on_five | rows._two,
        satisfied=ibis.ifelse(rows._two, rows.score == 1, rows.on_five & (rows.score >= 4)),
        delighted=rows.on_ten & (rows.score >= 9),
        boxed_survey=_named(rows, rows.on_five | rows._two),
        five_survey=_named(rows, rows.on_five),
        ten_survey=_named(rows, rows.on_ten),
    ).drop("_two")


def _ces(reading: Reading) -> ir.Table:
    """One row per answer to "made it easy" on a scale of 1 to 7, or of 1 to 5: at, who, about, on_seven, on_five,

    agrees_of_seven (5 to 7), agrees_of_five (4 or 5). An answer without scale is taken as one of 1 to 7.
    """
    rows = _answers(reading, "ces")
    from_one = (rows.scale_min == 1).fill_null(True)
    seven = (rows.scale_max == 7).fill_null(True) & from_one & rows.score.between(1, 7)
    five = (rows.scale_max == 5).fill_null(False) & from_one & rows.score.between(1, 5)
    rows = rows.mutate(on_seven=seven, on_five=five)
    rows = rows.filter(rows.on_seven | rows.on_five)
    return rows.mutate(
        who=ibis.coalesce(rows.contact_id, rows.id),
        about=_about(rows),
        agrees_of_seven=rows.on_seven & (rows.score >= 5),
        agrees_of_five=rows.on_five & (rows.score >= 4),
        five_survey=_named(rows, rows.on_five),
        seven_survey=_named(rows, rows.on_seven),
    )


def _named(rows: ir.Table, counted: ir.BooleanValue) -> ir.StringValue:
    """The survey of the answers that count, to tell when surveys are mixed."""
    return ibis.ifelse(counted, rows.survey, ibis.null().cast("string"))


def _about(rows: ir.Table) -> ir.StringValue:
    """What was asked about: a case, an order, a deal."""
    return ibis.coalesce(rows.case_id, rows.order_id, rows.deal_id, "")


def _asked(reading: Reading) -> ir.Table:
    """One row per time somebody was asked: at, is_told (unanswered ones are recorded, too), is_answered.

    Of a survey in which nobody is recorded who did not answer, it is not known how many were asked: `is_told` is false.
    """
    rows = reading.lookup("survey_answers", ["kind", "score", "survey", "asked_at", "answered_at", *_REFERENCES])
    at = ibis.coalesce(rows.asked_at, rows.answered_at)
    silent = rows.score.isnull().cast("int64").max().over(ibis.window(group_by=[rows.kind, rows.survey]))
    rows = rows.mutate(at=at, is_told=silent == 1)
    return rows.mutate(is_answered=rows.is_told & rows.score.notnull())


def _newest(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """The newest answer of each person, survey and matter within a period."""
    del dimensions
    rank = ibis.row_number().over(
        group_by=[rows.period, rows.who, rows.survey, rows.about], order_by=[rows["at"].desc(), rows.id.desc()]
    )
    ranked = rows.mutate(_newest=rank)
    return ranked.filter(ranked._newest == 0).drop("_newest")


_LABELS = ("survey", "score", "comment", "contact_id", "account_id")
_SCORE = "survey_answers.score"

NPS_ANSWERS = Relation(
    name="nps_answers",
    grain="answers",
    table="survey_answers",
    needs=("survey_answers.kind=nps", _SCORE),
    rows=_nps,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
    fold=_newest,
)
CSAT_ANSWERS = Relation(
    name="csat_answers",
    grain="answers",
    table="survey_answers",
    needs=("survey_answers.kind=csat", _SCORE),
    rows=_csat,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
    fold=_newest,
)
CES_ANSWERS = Relation(
    name="ces_answers",
    grain="answers",
    table="survey_answers",
    needs=("survey_answers.kind=ces", _SCORE),
    rows=_ces,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
    fold=_newest,
)
SURVEYS_ASKED = Relation(
    name="surveys_asked",
    grain="invitations to a survey",
    table="survey_answers",
    needs=("survey_answers",),
    rows=_asked,
    dimensions={"kind": column("kind"), **_DIMENSIONS},
    labels=("survey", "kind", "contact_id", "account_id"),
)
