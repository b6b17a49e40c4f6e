"""The first touch on the way to a deal."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading


def first_touches(deals: ir.Table, reading: Reading) -> ir.Table | None:
    """One row per deal that was touched: deal_id, touched_at. None without interactions.

    Parameters: deals, one row each: id, contact_id, account_id, closed_at.
    A touch is an interaction that names the deal, or one with the deal's contact or account after
    the close before (the last earlier close of the same account, else contact) and before its own.
    """
    if not reading.has("interactions"):
        return None
    whose = ibis.coalesce(deals.account_id, deals.contact_id)
    order = ibis.window(group_by=whose, order_by=[deals.closed_at, deals.id])
    closes = deals.select(
        deal_id=deals.id,
        deal_contact=deals.contact_id,
        deal_account=deals.account_id,
        closed_at=deals.closed_at,
        after=ibis.ifelse(whose.notnull(), deals.closed_at.lag().over(order), ibis.null()),
    )
    touches = reading.lookup("interactions", ["contact_id", "account_id", "deal_id", "occurred_at"])
    touches = without_flagged(touches, reading.view).select(
        touch_contact="contact_id", touch_account="account_id", touch_deal="deal_id", touched_at="occurred_at"
    )
    named = closes.join(touches, [("deal_id", "touch_deal")])
    named = named.filter(named.touched_at <= named.closed_at).select("deal_id", "touched_at")
    near = [
        _near(closes, touches, "deal_contact", "touch_contact"),
        _near(closes, touches, "deal_account", "touch_account"),
    ]
    if reading.has("contacts"):
        people = reading.lookup("contacts", ["account_id"]).select(person="id", employer="account_id")
        met = touches.filter(touches.touch_account.isnull()).join(people, [("touch_contact", "person")])
        near.append(_near(closes, met.mutate(touched_at=met.touched_at), "deal_account", "employer"))
    every = ibis.union(named, *near)
    return every.group_by("deal_id").aggregate(touched_at=every.touched_at.min())


def _near(closes: ir.Table, touches: ir.Table, own: str, theirs: str) -> ir.Table:
    """Touches of the same contact or account between the close before and the deal's own."""
    joined = closes.join(touches, [(own, theirs)])
    between = (joined.touched_at <= joined.closed_at) & (joined.after.isnull() | (joined.touched_at > joined.after))
    return joined.filter(between).select("deal_id", "touched_at")
