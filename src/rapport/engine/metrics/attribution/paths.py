"""Paths: the touches of a customer before a purchase, in order."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.spec import DIRECT

LOOK_BACK_DAYS = 30  # setting `attribution_look_back_days`


def look_back(reading: Reading) -> ir.IntervalScalar:
    return ibis.interval(days=reading.whole_number("attribution_look_back_days", LOOK_BACK_DAYS))


def touched_before(conversions: ir.Table, touches: ir.Table, reading: Reading, *, days: int | None = None) -> ir.Table:
    """One row per conversion and touch in the look-back: conversion_id, bought_at, campaign_id, touched_at.

    Parameters:
        conversions: conversion_id, at, customer_id; other columns come along as they are.
        touches: as of `touches.touches`.
        days: another look-back than the setting's.
    For a purchase of an account the touches of all its contacts count, as the customer is the account.
    """
    theirs = touches.select(_whose="customer_id", campaign_id="campaign_id", touched_at="touched_at")
    bought = conversions.rename(bought_at="at")
    joined = bought.join(theirs, [("customer_id", "_whose")]).drop("_whose")
    back = look_back(reading) if days is None else ibis.interval(days=days)
    inside = (joined.touched_at <= joined.bought_at) & (joined.touched_at >= joined.bought_at - back)
    return joined.filter(inside).mutate(touched_at=lambda t: t.touched_at)


def steps(touched: ir.Table, path: Sequence[str], reading: Reading) -> ir.Table:
    """One row per step of a path: `path`, campaign_id, step (1 ...), steps, first_at, last_at, counted.

    Parameters: path, the columns that tell paths apart.
    Touches of one campaign right after one another are one step. `counted` is false for a direct step at the end of a
    path with others, unless the setting `attribution_strip_direct` is false; `steps` are those counted.
    Of touches at one instant the greater campaign id is the later.
    """
    # a touch told twice would have no order of its own
    touched = touched.select(*path, "campaign_id", "touched_at").distinct()
    order = [touched.touched_at, touched.campaign_id]
    before = touched.campaign_id.lag().over(ibis.window(group_by=path, order_by=order))
    marked = touched.mutate(_begins=(before != touched.campaign_id).fill_null(True).cast("int64"))
    so_far = ibis.cumulative_window(group_by=path, order_by=[marked.touched_at, marked.campaign_id])
    numbered = marked.mutate(step=marked["_begins"].sum().over(so_far))
    runs = numbered.group_by(*path, "campaign_id", "step").aggregate(
        first_at=numbered.touched_at.min(), last_at=numbered.touched_at.max()
    )
    whole = runs.mutate(_steps=runs.step.max().over(ibis.window(group_by=path)))
    if not reading.setting("attribution_strip_direct", default=True):
        return whole.mutate(steps=whole["_steps"], counted=ibis.literal(value=True)).drop("_steps")
    stripped = (whole.campaign_id == DIRECT) & (whole.step == whole["_steps"]) & (whole["_steps"] > 1)
    told = whole.mutate(counted=~stripped)
    left = (~told.counted).cast("int64").max().over(ibis.window(group_by=path))
    return told.mutate(steps=told["_steps"] - left).drop("_steps")
