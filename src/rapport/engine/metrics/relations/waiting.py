"""Time in which a case waited for the customer, by the history of its status."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, elapsed, plain
from rapport.engine.metrics.relations.then import known_entries

# setting `waiting_statuses`
WAITING_STATUSES = ("pending", "waiting_on_customer", "waiting on customer", "awaiting user info")


def with_wait_hours(cases: ir.Table, reading: Reading) -> ir.Table:
    """`cases` (id, opened_at, resolved_at) with wait_hours: calendar hours in a waiting status before the resolution.

    Null for a case of whose status nothing is recorded.
    """
    names = [name.lower() for name in reading.words("waiting_statuses", WAITING_STATUSES)]
    entries = known_entries(reading, "cases", ["status"]).rename(_case="id")
    met = plain(cases.select("id", "opened_at", "resolved_at").join(entries, [("id", "_case")]))
    begins = ibis.greatest(met.valid_from, met.opened_at)
    ends = ibis.least(ibis.coalesce(met.valid_to, met.resolved_at), met.resolved_at)
    hours = elapsed(begins, ends, unit="hours")
    waits = ibis.ifelse(met.value.lower().isin(names) & (hours > 0), hours, 0.0)
    total = met.mutate(_hours=waits).group_by("_case").aggregate(wait_hours=lambda t: t._hours.sum())
    return plain(cases.left_join(total, [("id", "_case")]).drop("_case"))
