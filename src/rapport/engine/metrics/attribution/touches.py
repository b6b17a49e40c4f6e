"""Touches: what a customer got from a campaign or did of their own accord."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import MACHINE_MADE, without_flagged
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relations.campaign_members import NO_RESPONSE
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.spec import DIRECT

_NO_TOUCH = ("email_bounce", "email_spam", "unsubscribe")
_COLUMNS = ("id", "contact_id", "account_id", "campaign_id", "touched_at")


def touches(reading: Reading, *, direct: bool = False) -> ir.Table:
    """One row per touch of a customer: id, customer_id, campaign_id, touched_at.

    A touch is a campaign's sending to a member who was not held out, their response, and an interaction with it that
    is no bounce, complaint or unsubscription. With `direct` also what the customer began without a campaign and is
    no purchase, as `direct`. Campaigns in the channels of the setting `attribution_excluded_channels` are left out.
    """
    parts = []
    if reading.has("campaign_members"):
        members = reading.lookup(
            "campaign_members", ["campaign_id", "contact_id", "is_holdout", "sent_at", "responded_at"]
        )
        members = members.filter((~members.is_holdout).fill_null(True) & members.campaign_id.notnull())
        parts += [_of_members(members, "sent_at"), _of_members(members, "responded_at")]
    excluded = reading.words("attribution_excluded_channels", ())
    if reading.has("interactions"):
        parts.append(_interactions(reading, direct=direct and DIRECT not in excluded))
    if not parts:
        return _nothing(reading)
    rows = plain(ibis.union(*parts) if len(parts) > 1 else parts[0])
    if excluded:
        rows = _without(rows, excluded, reading)
    known = with_customer(rows, reading)
    return known.filter(known.customer_id.notnull()).select("id", "customer_id", "campaign_id", "touched_at")


def _of_members(members: ir.Table, at: str) -> ir.Table:
    rows = members.filter(members[at].notnull())
    return rows.mutate(account_id=ibis.null().cast("string"), touched_at=rows[at]).select(*_COLUMNS)


def _interactions(reading: Reading, *, direct: bool) -> ir.Table:
    rows = reading.lookup(
        "interactions", ["campaign_id", "contact_id", "account_id", "type", "direction", "occurred_at", "order_id"]
    )
    own = rows.campaign_id.notnull() & ~rows["type"].isin(list(_NO_TOUCH))
    if direct:
        began = ~rows["type"].isin(list(NO_RESPONSE)) & (rows.direction != "outbound").fill_null(True)
        bought = rows.order_id.notnull()  # the purchase itself leads to none
        own = own | (rows.campaign_id.isnull() & began & ~bought)
    rows = without_flagged(rows.filter(own), reading.view, (*MACHINE_MADE, "machine_open"))
    told = rows.mutate(campaign_id=ibis.coalesce(rows.campaign_id, DIRECT), touched_at=rows.occurred_at)
    return told.select(*_COLUMNS)


def _without(rows: ir.Table, channels: Sequence[str], reading: Reading) -> ir.Table:
    campaigns = reading.lookup("campaigns", ["channel"])
    left_out = campaigns.filter(campaigns.channel.isin(list(channels))).select(_campaign="id")
    return rows.anti_join(left_out, rows.campaign_id == left_out["_campaign"])


def _nothing(reading: Reading) -> ir.Table:
    campaigns = reading.lookup("campaigns", ["created_at"])
    nobody = ibis.null().cast("string")
    return campaigns.filter(ibis.literal(value=False)).select(
        "id", customer_id=nobody, campaign_id=campaigns.id, touched_at=campaigns.created_at
    )
