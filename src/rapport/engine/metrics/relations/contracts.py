"""Contracts: from when until when each ran, and for whom."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relations.customer_of import with_customer


def contract_terms(reading: Reading, columns: Sequence[str] = ()) -> ir.Table:
    """One row per contract that began: id, customer_id, account_id, contact_id, from_at, to_at, and `columns`.

    `to_at` is null while it runs. A contract that was renewed ends where its renewal begins, at the latest, so that
    no amount counts twice. A term that is over without an end or a renewal is taken as renewed tacitly.
    """
    needed = ["contact_id", "account_id", "started_at", "ended_at", "renewed_by_contract_id"]
    own = reading.lookup("contracts", [*needed, *(c for c in columns if c not in needed)])
    renewals = own.select(_renewal="id", _renewed_at="started_at")
    joined = own.left_join(renewals, [("renewed_by_contract_id", "_renewal")])
    first = ibis.ifelse(joined._renewed_at < joined.ended_at, joined._renewed_at, joined.ended_at)
    dated = plain(
        joined.mutate(from_at=joined.started_at, to_at=ibis.coalesce(first, joined.ended_at, joined._renewed_at))
    )
    ran = dated.filter(dated.to_at.isnull() | (dated.to_at > dated.from_at))
    known = with_customer(ran.drop("_renewal", "_renewed_at", "started_at", "ended_at"), reading)
    return known.filter(known.customer_id.notnull()).drop("renewed_by_contract_id")
