"""Offers to customers to buy more: quotes of cross-sell and up-sell deals."""

from __future__ import annotations

from functools import partial

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Relation, through
from rapport.engine.metrics.relations.proposals import QUOTES, quotes

OFFER_DAYS = 90  # setting `offer_window_days`


def _offers(reading: Reading, *, kind: str) -> ir.Table:
    """One row per quote of a deal of this kind, at its first sending: accepted within the window, matured."""
    sent = quotes(reading, "accepted_at")
    deals = reading.lookup("deals", ["type"])
    of_kind = deals.filter(deals["type"] == kind).select(_deal="id")
    offers = plain(sent.semi_join(of_kind, [("deal_id", "_deal")]))
    until = offers["at"] + ibis.interval(days=reading.whole_number("offer_window_days", OFFER_DAYS))
    return offers.mutate(
        accepted=(offers.accepted_at <= until).fill_null(False), matured=until <= moment(reading.view.at)
    )


def _relation(kind: str) -> Relation:
    return Relation(
        name=f"{kind}_offers",
        grain="offers",
        table="proposals",
        needs=("proposals.sent_at", "proposals.accepted_at", f"deals.type={kind}"),
        rows=partial(_offers, kind=kind),
        dimensions={**QUOTES.dimensions, "account": through("deal_id", "deals", "account_id")},
        labels=("deal_id", "accepted_at"),
    )


CROSS_SELL_OFFERS = _relation("cross_sell")
UP_SELL_OFFERS = _relation("up_sell")
