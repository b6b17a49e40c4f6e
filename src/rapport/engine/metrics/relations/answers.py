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
    """One row per answer on a scale of 1 to 5, or of bad (0) and good (1): at, who, about, satisfied."""
    rows = _answers(reading, "csat")
    five = (rows.scale_max == 5).fill_null(True) & (rows.scale_min == 1).fill_null(True) & rows.score.between(1, 5)
    two = (rows.scale_max == 1).fill_null(False) & rows.score.isin([0, 1])
    rows = rows.mutate(_five=five & ~two, _two=two)
    rows = rows.filter(rows._five | rows._two)
    about = ibis.coalesce(rows.case_id, rows.order_id, rows.deal_id, "")
    return rows.mutate(
        who=ibis.coalesce(rows.contact_id, rows.id),
        about=about,
        satisfied=ibis.ifelse(rows._two, rows.score == 1, rows.score >= 4),
    ).drop("_five", "_two")


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
