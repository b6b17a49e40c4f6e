"""Purchases of each subject: the rows that recency, frequency and monetary value are made of."""

from __future__ import annotations

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.scores.purchases import purchases as purchases_of
from rapport.engine.scores.rfm.spec import RfmDefinition


def purchases(definition: RfmDefinition, view: AsOf, *, time_zone: str) -> ir.Table:
    """One row per purchase: subject_id, purchased_at (UTC), amount (decimal, base currency, net of refunds)."""
    rows = purchases_of(
        view,
        subject=definition.subject,
        source=definition.purchases,
        monetary=definition.monetary,
        time_zone=time_zone,
        needed_by="an RFM score",
        window_days=definition.window_days,
        widened=False,
    )
    return rows.drop("unconverted")
