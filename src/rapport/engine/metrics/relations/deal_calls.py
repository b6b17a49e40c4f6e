"""Sales calls and the deals that they were about."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through

_COLUMNS = ("contact_id", "deal_id", "case_id", "queue", "type", "occurred_at")


def linked_calls(reading: Reading) -> ir.Table:
    """One row per call without case and queue: at, linked_deal_id, unlinked.

    The deal is the one that the call names, else of the contact's deals that were open at the time
    of the call (created before it, last closed after it) the one created last.
    """
    calls = reading.table("interactions", [*_COLUMNS, "direction", "outcome", "owner_id"])
    calls = calls.filter((calls["type"] == "call") & calls.case_id.isnull() & calls.queue.isnull())
    calls = plain(without_flagged(calls, reading.view)).mutate(at=lambda t: t.occurred_at)
    if not reading.has("deals"):
        return calls.mutate(linked_deal_id=calls.deal_id, unlinked=calls.deal_id.isnull())
    joined = calls.left_join(_open_at_call(calls, reading), [("id", "_call")]).drop("_call")
    linked = plain(joined.mutate(linked_deal_id=ibis.coalesce(joined.deal_id, joined._deal)).drop("_deal"))
    return linked.mutate(unlinked=linked.linked_deal_id.isnull())


def _open_at_call(calls: ir.Table, reading: Reading) -> ir.Table:
    """One row per call that names no deal but whose contact had one open: _call, _deal."""
    deals = reading.lookup("deals", ["contact_id", "created_at", "closed_at"]).select(
        _deal="id", _whose="contact_id", _made="created_at", _closed="closed_at"
    )
    own = calls.filter(calls.deal_id.isnull() & calls.contact_id.notnull()).select("id", "contact_id", "at")
    met = own.join(deals, [("contact_id", "_whose")])
    held = met.filter((met._made <= met["at"]) & (met._closed.isnull() | (met._closed > met["at"])))
    order = ibis.window(group_by=held.id, order_by=[held._made.desc(), held._deal])
    ranked = held.mutate(_rank=ibis.row_number().over(order))
    return ranked.filter(ranked._rank == 0).select(_call="id", _deal="_deal")


def with_calls(closed: ir.Table, reading: Reading) -> ir.Table:
    """Closed deals (id, closed_at) with `calls`: how many sales calls were about each, until it was closed."""
    calls = linked_calls(reading)
    about = calls.filter(calls.linked_deal_id.notnull()).select(_about="linked_deal_id", _called_at="at")
    met = closed.select("id", "closed_at").join(about, [("id", "_about")])
    until = met.filter(met._called_at <= met.closed_at)
    counted = until.group_by(_deal=until.id).aggregate(_calls=until.count())
    joined = closed.left_join(counted, [("id", "_deal")])
    return plain(joined.mutate(calls=joined._calls.fill_null(0)).drop("_deal", "_calls"))


CALL_LINKS = Relation(
    name="sales_call_links",
    grain="sales calls",
    table="interactions",
    needs=("interactions.type=call",),
    rows=linked_calls,
    dimensions={
        "owner": column("owner_id"),
        "team": through("owner_id", "users", "team_id"),
        "direction": column("direction"),
        "outcome": column("outcome"),
        "source": through("contact_id", "contacts", "lead_source"),
        "country": through("contact_id", "contacts", "country"),
    },
    labels=("contact_id", "linked_deal_id", "outcome", "owner_id"),
)
