"""Single touch: the last campaign before a purchase (last non-direct touch), the credit of campaign tiles."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.attribution.paths import touched_before
from rapport.engine.metrics.attribution.touches import touches
from rapport.engine.metrics.reading import Reading


def last_campaigns(conversions: ir.Table, reading: Reading, *, days: int | None = None) -> ir.Table:
    """One row per conversion that a campaign touched: _conversion, _campaign.

    Parameters: conversions, one row each: conversion_id, at, customer_id; days, another look-back than the setting's.
    Touches without a campaign are direct and never get credit. Of two touches at one instant the greater campaign
    id wins.
    """
    bought = conversions.select("conversion_id", "customer_id", "at")
    touched = touched_before(bought, touches(reading), reading, days=days)
    newest = ibis.row_number().over(
        group_by=touched.conversion_id, order_by=[touched.touched_at.desc(), touched.campaign_id.desc()]
    )
    ranked = touched.mutate(_newest=newest)
    return ranked.filter(ranked["_newest"] == 0).select(_conversion="conversion_id", _campaign="campaign_id")
