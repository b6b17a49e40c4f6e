"""Campaigns that ran in a period, that began in it, and what those brought in their life."""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.attribution.paths import look_back
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column
from rapport.engine.metrics.relations.conversions import CONVERSIONS
from rapport.engine.metrics.relations.costs import acquisition_costs
from rapport.engine.metrics.relations.margins import MARGINS
from rapport.engine.metrics.windows import every_window

_DIMENSIONS: dict[str, Dimension] = {
    "channel": column("channel"),
    "campaign_type": column("type"),
    "owner": column("owner_id"),
}
_BY_CAMPAIGN: dict[str, Dimension] = {"campaign": column("id"), **_DIMENSIONS}


def _begun(reading: Reading) -> ir.Table:
    """One row per campaign that was begun, by its start `at`; parents, planned and cancelled ones left out."""
    campaigns = reading.table("campaigns", ["status", "started_at", "ended_at", "parent_campaign_id"])
    parents = campaigns.filter(campaigns.parent_campaign_id.notnull()).select(_parent="parent_campaign_id").distinct()
    leaves = campaigns.anti_join(parents, campaigns.id == parents._parent)
    begun = leaves.filter(leaves.started_at.notnull() & (~leaves.status.isin(["planned", "cancelled"])).fill_null(True))
    return begun.mutate(at=begun.started_at)


def _running(reading: Reading) -> ir.Table:
    """One row per campaign and period that it touches; parents, planned and cancelled ones left out."""
    rows = every_window(_begun(reading), reading.windows)
    runs = (rows["at"] < rows.stands_at) & (rows.ended_at.isnull() | (rows.ended_at > rows.window_start))
    return rows.filter(runs)


def _returns(reading: Reading) -> ir.Table:
    """One row per campaign that began: at, cost, revenue credited to it so far, gain, has_cost, matured.

    The cost is what costs of sales, marketing and media name the campaign, else its `actual_cost`; the budget never
    stands in. `margin`: of the revenue what is kept, where wanted. Matured once it has ended and the look-back is over.
    """
    columns = ["channel", "type", "owner_id", "name", "started_at", "ended_at", "actual_cost", "currency"]
    rows = reading.lookup("campaigns", columns)
    rows = converted(rows.filter(rows.started_at.notnull()), reading, dated_by="started_at", amount="actual_cost")
    rows = rows.rename(amount_missing="actual_cost_missing", amount_unconverted="actual_cost_unconverted")
    rows = _with_sum(plain(rows), _revenue(reading), "revenue")
    told = rows.actual_cost.cast(MONEY_SUM)
    if reading.has("costs"):
        rows = _with_sum(rows, _costs(reading), "booked")
        told = ibis.coalesce(rows.booked, told)
    revenue = rows.revenue.fill_null(ibis.literal(0).cast(MONEY_SUM))
    over = rows.ended_at + look_back(reading) <= moment(reading.view.at)
    rows = rows.mutate(at=rows.started_at, cost=told, revenue=revenue, matured=over.fill_null(False))
    known = (rows.cost > 0).fill_null(False)
    rows = rows.mutate(
        has_cost=known,
        gain=rows.revenue - rows.cost,
        amount_missing=~known & ~rows.amount_unconverted,
        amount_unconverted=~known & rows.amount_unconverted,
    )
    return _with_margin(rows, reading) if reading.wants("margin_gain") else rows


def _with_sum(rows: ir.Table, sums: ir.Table, name: str) -> ir.Table:
    return plain(rows.left_join(sums, [("id", "_campaign")]).drop("_campaign").rename(**{name: "_sum"}))


def _revenue(reading: Reading) -> ir.Table:
    rows = CONVERSIONS.rows(replace(reading, wanted=frozenset({"credit_id"})))
    return rows.group_by(_campaign="credit_id").aggregate(_sum=rows.amount.cast(MONEY_SUM).sum())


def _costs(reading: Reading) -> ir.Table:
    rows = acquisition_costs(replace(reading, wanted=frozenset()))
    named = rows.filter(rows.campaign_id.notnull())
    return named.group_by(_campaign="campaign_id").aggregate(_sum=named.amount.cast(MONEY_SUM).sum())


def _with_margin(rows: ir.Table, reading: Reading) -> ir.Table:
    """`margin_gain`: revenue times the share that all orders with a margin keep, less the cost."""
    sold = MARGINS.rows(replace(reading, wanted=frozenset()))
    known = sold.filter(sold.margin_known)
    share = known.aggregate(_share=known.margin.cast("float64").sum() / known.amount.cast("float64").sum())
    joined = rows.cross_join(share)
    kept = (joined.revenue.cast("float64") * joined["_share"]).cast(MONEY_SUM)
    return plain(joined.mutate(margin_gain=kept - joined.cost).drop("_share"))


RUNNING_CAMPAIGNS = Relation(
    name="running_campaigns",
    grain="running campaigns",
    table="campaigns",
    needs=("campaigns.started_at",),
    rows=_running,
    dating=Dating.PER_PERIOD,
    dimensions=_DIMENSIONS,
    labels=("name", "channel", "ended_at"),
)
BEGUN_CAMPAIGNS = Relation(
    name="begun_campaigns",
    grain="campaigns that began",
    table="campaigns",
    needs=("campaigns.started_at",),
    rows=_begun,
    dimensions=_DIMENSIONS,
    labels=("name", "channel", "ended_at"),
)
CAMPAIGN_RETURNS = Relation(
    name="campaign_returns",
    grain="campaigns that began",
    table="campaigns",
    needs=("campaigns.started_at",),
    needs_any=("orders", "deals"),
    rows=_returns,
    dimensions=_BY_CAMPAIGN,
    labels=("name", "channel", "cost", "revenue"),
)
