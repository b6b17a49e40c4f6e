"""Stretches: from when until when something stood open, from the turns of its state."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


def stretches(turns: ir.Table) -> ir.Table:
    """One row per stretch in which a thing stood open.

    Parameters: turns, one row each: id, at (UTC), opens (true opened or opened again, false closed).
        Turns that change nothing may be among them; at one instant opening comes first.
    Returns: id, from_at, to_at (null while it stands).

        id  at     opens          id  from_at  to_at
        d1  1 May  true           d1  1 May    4 May
        d1  4 May  false     ->   d1  6 May    null
        d1  5 May  false
        d1  6 May  true
    """
    order = ibis.window(group_by="id", order_by=[turns["at"], turns.opens.desc()])
    before = turns.mutate(_before=turns.opens.lag().over(order))
    changes = before.filter(before._before.isnull() | (before._before != before.opens)).drop("_before")
    onward = ibis.window(group_by="id", order_by=[changes["at"], changes.opens.desc()])
    ended = changes.mutate(to_at=changes["at"].lead().over(onward))
    return ended.filter(ended.opens).select("id", from_at=ended["at"], to_at=ended.to_at)
