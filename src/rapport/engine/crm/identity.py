"""Who is who as of an instant: merges and identifications followed to the survivor.

Links are few; a snapshot without any leaves the table out, and then nothing is joined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.tables import Table

if TYPE_CHECKING:
    from rapport.engine.crm.as_of import AsOf

_DOUBLINGS = 5  # follows chains of up to 2**5 merges


def survivors(view: AsOf, entity: str) -> ir.Table | None:
    """One row per id that gave way: from_id, to_id (the last survivor). None where there are no links.

    The newest link of an id counts; `unmerge` takes it back.
    """
    if not view.has("identity_links"):
        return None
    links = view.snapshot.table("identity_links", needed_by="identity")
    known = links.entity == entity
    if not view.hindsight:
        known = known & (links.recorded_at <= ibis.literal(view.at, type="timestamp('UTC', 6)"))
    links = links.filter(known)
    rank = ibis.row_number().over(group_by=links.from_id, order_by=[links.recorded_at.desc(), links.id.desc()])
    newest = links.select("from_id", "to_id", "kind", rank=rank).filter(
        lambda t: (t["rank"] == 0) & (t.kind != "unmerge")
    )
    chain = newest.select("from_id", "to_id")
    for _ in range(_DOUBLINGS):
        onward = chain.select(_via="from_id", _onto="to_id")
        joined = chain.left_join(onward, [("to_id", "_via")])
        chain = joined.mutate(to_id=ibis.coalesce(joined._onto, joined.to_id)).select("from_id", "to_id")
    return chain


def resolve_references(rows: ir.Table, view: AsOf, table: Table) -> ir.Table:
    """References to contacts and accounts that `rows` have lead to the survivor; an anonymous id to its contact."""
    for entity, refers_to in (("contact", "contacts"), ("account", "accounts")):
        own = [c.name for c in table.columns.values() if c.refers_to == refers_to and c.name in rows.columns]
        chain = survivors(view, entity) if own else None
        if chain is None:
            continue
        for column in own:
            rows = _followed(rows, chain, column, column)
        if entity == "contact" and {"anonymous_id", "contact_id"} <= set(rows.columns):
            rows = _followed(rows, chain, "anonymous_id", "contact_id", only_missing=True)
    return rows


def fold_merged(rows: ir.Table, view: AsOf, table: Table) -> ir.Table:
    """Records that gave way are left out; the survivor carries the oldest `created_at` of all."""
    if table.entity not in ("contact", "account"):
        return rows
    chain = survivors(view, table.entity)
    if chain is None:
        return rows
    links = chain.select(_from="from_id", _to="to_id")
    joined = rows.left_join(links, [("id", "_from")]).drop("_from")
    oldest = (
        joined.filter(joined._to.notnull()).group_by(_survivor=joined._to).aggregate(_oldest=joined.created_at.min())
    )
    folded = joined.filter(joined._to.isnull()).drop("_to").left_join(oldest, [("id", "_survivor")])
    return folded.mutate(
        created_at=ibis.least(folded.created_at, ibis.coalesce(folded._oldest, folded.created_at))
    ).drop("_survivor", "_oldest")


def _followed(rows: ir.Table, chain: ir.Table, look_up: str, column: str, *, only_missing: bool = False) -> ir.Table:
    links = chain.select(_from="from_id", _to="to_id")
    joined = rows.left_join(links, [(look_up, "_from")])
    value = ibis.coalesce(joined[column], joined._to) if only_missing else ibis.coalesce(joined._to, joined[column])
    return joined.mutate(**{column: value}).drop("_from", "_to")
