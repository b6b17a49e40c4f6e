"""Customers who are alike, counted by the engine: what a fit reads instead of a row per customer."""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups, SpendGroups

KEYS = ("x", "t_x", "age")
SPEND_CLASSES = 1_000  # per unit of log spend: classes of a thousandth, whose means are kept


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """Different purchase histories and how many customers have each.

    Attributes: keys, columns x, t_x, age as in the table that was grouped; groups, the same rows for the models.
    """

    keys: pa.Table
    groups: PurchaseGroups


def grouped_histories(histories: ir.Table, runner: Runner) -> Grouped:
    """Customers by history, in one query.

    Parameters: histories, one row per customer: x (purchase days after the first), t_x (first to last), age (first to
        now; T), in one unit; without nulls.
    """
    rows = runner.to_arrow(histories.group_by(*KEYS).aggregate(weight=histories.count()))
    x, t_x, age, weight = (_floats(rows, name) for name in (*KEYS, "weight"))
    return Grouped(keys=rows.select(KEYS), groups=PurchaseGroups(x, t_x, age, weight))


def spend_groups(histories: ir.Table, runner: Runner) -> SpendGroups:
    """Repeat buyers by purchases and class of spend, in one query.

    A class is a thousandth wide and keeps the means of spend and of its logarithm, so that parameters fitted on classes
    equal those fitted on customers to six digits.

    Parameters: histories, one row per customer: x, purchases whose amount counts, and mean_spend
        (float64), their average.
        Customers without any (x = 0, null, or nothing spent) are left out.
    """
    known = histories.filter((histories.x > 0) & (histories.mean_spend > 0))
    rows = known.select(known.x, spend=known.mean_spend, log_spend=known.mean_spend.ln())
    rows = rows.mutate(spend_class=(rows.log_spend * SPEND_CLASSES).floor().cast("int32"))
    found = rows.group_by("x", "spend_class").aggregate(
        weight=rows.count(), spend=rows.spend.mean(), log_spend=rows.log_spend.mean()
    )
    told = runner.to_arrow(found.drop("spend_class"))
    x, spend, weight, log_spend = (_floats(told, name) for name in ("x", "spend", "weight", "log_spend"))
    return SpendGroups(x, spend, weight, log_spend)


def _floats(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name].to_numpy(), dtype=np.float64)
