"""Quotes sent to customers, each once however often it was revised."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through


def quotes(reading: Reading, *columns: str) -> ir.Table:
    """One row per quote that was sent: id and at (of its first sending), deal_id, and columns of its last revision.

    Revisions share deal and number; a quote without number is one of its own.
    """
    sent = reading.lookup("proposals", ["deal_id", "number", "sent_at", *columns])
    sent = sent.filter(sent.sent_at.notnull())
    quote = [ibis.coalesce(sent.deal_id, ""), ibis.coalesce(sent.number, sent.id)]
    last = ibis.row_number().over(group_by=quote, order_by=[sent.sent_at.desc(), sent.id.desc()])
    first_id = sent.id.first().over(ibis.window(group_by=quote, order_by=[sent.sent_at, sent.id]))
    ranked = sent.mutate(at=sent.sent_at.min().over(ibis.window(group_by=quote)), _first=first_id, _last=last)
    return ranked.filter(ranked._last == 0).mutate(id=lambda t: t._first).drop("_first", "_last")


def _quotes(reading: Reading) -> ir.Table:
    money = reading.wants("amount", "amount_missing", "amount_unconverted")
    rows = quotes(reading, *(["amount", "currency"] if money else []))
    return converted(rows, reading, dated_by="at") if money else rows


def with_proposed(closed: ir.Table, reading: Reading) -> ir.Table:
    """Closed deals (id, closed_at) with `proposed`: whether a quote had been sent by the close."""
    sent = quotes(reading)
    first = sent.group_by(_deal=sent.deal_id).aggregate(_sent=sent["at"].min())
    joined = closed.left_join(first, [("id", "_deal")])
    return plain(joined.mutate(proposed=(joined._sent <= joined.closed_at).fill_null(False)).drop("_deal", "_sent"))


QUOTES = Relation(
    name="quotes",
    grain="proposals",
    table="proposals",
    needs=("proposals.sent_at",),
    rows=_quotes,
    dimensions={
        "deal": column("deal_id"),
        "owner": through("deal_id", "deals", "owner_id"),
        "product": through("deal_id", "deals", "product_id"),
        "pipeline": through("deal_id", "deals", "pipeline"),
        "type": through("deal_id", "deals", "type"),
    },
    labels=("deal_id", "number", "amount"),
)
