"""Answers to a survey as of an instant, gathered by the subject they speak for."""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.events import by_account
from rapport.engine.crm.local_day import local_day_of, start_of_local_day
from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.satisfaction.spec import DETRACTOR_UP_TO, PROMOTER_FROM, Survey

COUNTS = ("answers", "best", "worst", "total", "squares")


def answers(survey: Survey, view: AsOf, *, subject: str, time_zone: str, needed_by: str) -> ir.Table:
    """One row per answer that counts: subject_id, id, answered_at, survey, score (float64), comment, contact_id.

    An account's answers are those of its contacts as of the instant, and those that name it and no contact.
    """
    columns = [
        "contact_id",
        "account_id",
        "survey",
        "kind",
        "score",
        "scale_min",
        "scale_max",
        "comment",
        "answered_at",
    ]
    rows = view.table("survey_answers", needed_by=needed_by, columns=columns)
    rows = rows.filter((rows.kind == survey.ask) & rows.score.notnull() & _on_scale(rows, survey))
    if survey.surveys:
        rows = rows.filter(rows.survey.isin(list(survey.surveys)))
    if survey.within_days is not None:
        first = local_day_of(view.at, time_zone) - timedelta(days=survey.within_days - 1)
        start = ibis.literal(start_of_local_day(first, time_zone), type="timestamp('UTC', 6)")
        rows = rows.filter(rows.answered_at >= start)
    if subject == "account":
        rows = by_account(rows, view, own_first=False, needed_by=needed_by)
    else:
        rows = rows.mutate(subject_id=rows.contact_id)
    rows = rows.filter(rows.subject_id.notnull()).mutate()
    if survey.answers == "latest":
        who = ibis.coalesce(rows.contact_id, rows.id)
        newest = ibis.row_number().over(
            group_by=[rows.subject_id, who], order_by=[rows.answered_at.desc(), rows.id.desc()]
        )
        rows = rows.mutate(_newest=newest)
        rows = rows.filter(rows._newest == 0)
    return rows.select("subject_id", "id", "answered_at", "survey", "score", "comment", "contact_id")


def counted_answers(rows: ir.Table, survey: Survey) -> ir.Table:
    """One row per subject: subject_id, and whole numbers: answers, best (promoters, or satisfied), worst (detractors),
    total (sum of the scores in millionths) and squares (of the scores, in millionths)."""
    best = rows.score >= (PROMOTER_FROM if survey.ask == "nps" else survey.satisfied_from)
    # below 7: an answer of 6.5 is no passive one
    worst = rows.score < DETRACTOR_UP_TO + 1 if survey.ask == "nps" else ~best
    scores = rows.mutate(
        _best=best.cast("int64"), _worst=worst.cast("int64"), _micro=_millionths(rows.score),
        _square=_millionths(rows.score * rows.score),
    )  # fmt: skip
    return scores.group_by("subject_id").aggregate(
        answers=lambda t: t.count().cast("int64"),
        best=lambda t: t._best.sum().cast("int64"),
        worst=lambda t: t._worst.sum().cast("int64"),
        total=lambda t: t._micro.sum().cast("int64"),
        squares=lambda t: t._square.sum().cast("int64"),
    )


def _on_scale(rows: ir.Table, survey: Survey) -> ir.BooleanValue:
    low, high = survey.ends
    same = (rows.scale_min == low).fill_null(survey.is_usual) & (rows.scale_max == high).fill_null(survey.is_usual)
    return same & rows.score.between(low, high)


def _millionths(number: ir.NumericValue) -> ir.IntegerValue:
    return (number * MICRO).round().cast("int64")
