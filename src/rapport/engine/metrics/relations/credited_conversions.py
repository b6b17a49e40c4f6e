"""Conversions with their credit shared out among the campaigns on the path: one row for each that gets a part."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from rapport.engine.metrics.attribution.models import BY_RULE, Model
from rapport.engine.metrics.attribution.shares import DIGITS, SHARE, shares
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation
from rapport.engine.metrics.relations.conversions import (
    CONVERSION_LABELS,
    conversion_dimensions,
    conversions,
    purchases,
)
from rapport.engine.metrics.spec import DIRECT, UNATTRIBUTED

# nine digits, so that rounding does not add up over many purchases; no wider, or Spark drops digits of a difference
_PART = dt.Decimal(28, DIGITS)
_PREFIXES = ("share", "shared", "revenue")


def wanted_models(reading: Reading, models: Collection[Model]) -> list[str]:
    """Ids of the models of which the question reads a column."""
    return [model.id for model in models if reading.wants(*(f"{prefix}_{model.id}" for prefix in _PREFIXES))]


def _credited(reading: Reading) -> ir.Table:
    """One row per order, refund or won deal and campaign on its path: credit_id, credited, begins, and for each model
    wanted share_<model>, shared_<model> (it gets a part) and revenue_<model>.

    `credit_id` is `direct` for touches without a campaign and `unattributed` for what had no touch, which takes all.
    """
    rows = conversions(reading)
    models = wanted_models(reading, BY_RULE)
    joined = rows.left_join(shares(purchases(rows, reading), reading, models), [("conversion_id", "_conversion")])
    told = plain(joined.mutate(begins=joined.begins.fill_null(True)).drop("_conversion"))
    return with_credit(told, models, whole=["record", "id"])


def with_credit(rows: ir.Table, models: Sequence[str], *, whole: Sequence[str]) -> ir.Table:
    """`rows` (amount, _campaign, begins, share_<model>; all null without a touch) with credit_id, credited and for each
    model shared_<model> and revenue_<model>, whose parts add up to the amount to the last digit.

    Parameters: whole, the columns that tell purchases apart.
    """
    campaign = ibis.ifelse(rows["_campaign"] == DIRECT, ibis.null().cast("string"), rows["_campaign"])
    rows = rows.mutate(
        credit_id=ibis.coalesce(rows["_campaign"], UNATTRIBUTED),
        credited_campaign_id=campaign,
        credited=campaign.notnull(),
        **{f"share_{model}": rows[f"share_{model}"].fill_null(ibis.literal(1).cast(SHARE)) for model in models},
    ).drop("_campaign")
    parts = {
        f"_{m}": (rows.amount.cast("float64") * rows[f"share_{m}"].cast("float64")).round(DIGITS).cast(_PART)
        for m in models
    }
    rows = rows.mutate(**parts)
    alike = ibis.window(group_by=[rows[name] for name in whole])
    told = {}
    for model in models:
        left = rows.amount.cast(_PART) - rows[f"_{model}"].sum().over(alike).cast(_PART)
        told[f"revenue_{model}"] = rows[f"_{model}"] + ibis.ifelse(rows.begins, left, ibis.literal(0).cast(_PART))
    rows = rows.mutate(**told, **{f"shared_{model}": rows[f"share_{model}"] != 0 for model in models})
    return rows.drop(*parts) if parts else rows


CREDITED_CONVERSIONS = Relation(
    name="credited_conversions",
    grain="parts of purchases",
    table="orders",
    needs=("campaigns",),
    needs_any=("orders", "deals"),
    rows=_credited,
    dimensions=conversion_dimensions("credit_id", "credited_campaign_id"),
    labels=(*CONVERSION_LABELS, "credit_id"),
)
