"""What was found out about interactions: machine-made ones are left out of scores and metrics."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf

MACHINE_MADE = ("bot", "test", "internal", "spam")


def without_flagged(interactions: ir.Table, view: AsOf, flags: Sequence[str] = MACHINE_MADE) -> ir.Table:
    """`interactions` (with `id`) without those that carry one of the flags as of the view's instant.

    The newest finding about an (interaction, flag) counts; a finding of false takes an earlier one back. As restated
    every finding counts, whenever it was made: it is about the interaction, which is as old as it is.
    """
    if not view.has("interaction_flags"):
        return interactions
    found = view.snapshot.table("interaction_flags", needed_by="flags")
    wanted = found.flag.isin(list(flags))
    if not view.hindsight:
        at = ibis.literal(view.at, type="timestamp('UTC', 6)")
        wanted = wanted & (ibis.coalesce(found.recorded_at, at) <= at)
    found = found.filter(wanted)
    rank = ibis.row_number().over(
        group_by=[found.interaction_id, found.flag], order_by=[found.recorded_at.desc(), found.id.desc()]
    )
    newest = found.mutate(rank=rank)
    flagged = newest.filter((newest["rank"] == 0) & newest.value).select("interaction_id").distinct()
    return interactions.anti_join(flagged, interactions.id == flagged.interaction_id)
