"""Decisions on consent: the newest of each contact for a purpose and channel in a period."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relation import Relation, column, through


def _decisions(reading: Reading) -> ir.Table:
    """One row per decision: at, granted."""
    rows = reading.lookup("consents", ["contact_id", "purpose", "channel", "granted", "decided_at", "method"])
    return rows.filter(rows.granted.notnull()).mutate(at=lambda t: t.decided_at)


def _newest(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """The newest decision of each contact, purpose and channel within a period."""
    del dimensions
    rank = ibis.row_number().over(
        group_by=[rows.period, rows.contact_id, rows.purpose, rows.channel],
        order_by=[rows["at"].desc(), rows.id.desc()],
    )
    ranked = rows.mutate(_newest=rank)
    return ranked.filter(ranked._newest == 0).drop("_newest")


DECISIONS = Relation(
    name="consent_decisions",
    grain="decisions",
    table="consents",
    needs=("consents.granted",),
    rows=_decisions,
    dimensions={
        "purpose": column("purpose"),
        "channel": column("channel"),
        "method": column("method"),
        "country": through("contact_id", "contacts", "country"),
        "source": through("contact_id", "contacts", "lead_source"),
    },
    labels=("contact_id", "purpose", "channel", "granted", "method"),
    fold=_newest,
)
