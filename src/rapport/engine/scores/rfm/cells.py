"""Customers by cell: what an RFM score says follows from few facts of a customer, so it is worked out once for each.

A cell is the three scores, whether anything was bought and why somebody is left out, as one whole number. Of ten
million customers there are at most 1,296 cells, and usually 126.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from rapport.engine.scores.audience import EXCLUDED, NOT_INCLUDED
from rapport.engine.scores.population import CutPoints
from rapport.engine.scores.rfm.expression import classes
from rapport.engine.scores.rfm.spec import MEASURES
from rapport.engine.scores.subject_rows import COLUMNS, LEFT_OUT

_SCORES = 6  # 1 to 5, and 0 for none
_REASONS = (NOT_INCLUDED, EXCLUDED)
_UNBOUGHT = 2


def placed(bought: ir.Table, cuts: Mapping[str, CutPoints]) -> ir.Table:
    """subject_id and cell of each row of `expression.measures` with `_left_out`."""
    scores = classes(bought, cuts)
    why = bought[LEFT_OUT]
    cell = ibis.cases(*((why == reason, place) for place, reason in enumerate(_REASONS, 1)), else_=0).cast("int64")
    cell = cell * _UNBOUGHT + bought.purchase_count.isnull().cast("int64")
    for name in MEASURES:
        cell = cell * _SCORES + ibis.coalesce(scores[name], 0)
    return bought.select("subject_id", cell=cell)


def occupied(customers: ir.Table) -> ir.Table:
    """One row per cell of `placed` that somebody is in: cell, members, recency, frequency, monetary,
    purchase_count (null, or not) and `_left_out`, as they are of each member.
    """
    counted = customers.group_by("cell").aggregate(members=lambda t: t.count())
    rest, found = counted.cell, {}
    for name in reversed(MEASURES):
        found[name] = (rest % _SCORES).nullif(0).cast("int64")
        rest = rest // _SCORES
    unbought, place = rest % _UNBOUGHT, rest // _UNBOUGHT
    found["purchase_count"] = ibis.ifelse(unbought == 1, ibis.null("int64"), 1)
    found[LEFT_OUT] = ibis.cases(
        *((place == number, reason) for number, reason in enumerate(_REASONS, 1)), else_=ibis.null("string")
    )
    return counted.mutate(**found)


def told(customers: ir.Table, cells: ir.Table) -> ir.Table:
    """The columns of a score for each of `placed`: those of its cell in `cells`."""
    facts = [name for name in COLUMNS if name != "subject_id"]
    return customers.inner_join(cells.select("cell", *facts), "cell").select(*COLUMNS)
