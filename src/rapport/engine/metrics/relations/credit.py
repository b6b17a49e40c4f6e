"""Credit for a purchase: the last campaign that touched the customer before it (last non-direct touch)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import MACHINE_MADE, without_flagged
from rapport.engine.metrics.reading import Reading

LOOK_BACK_DAYS = 30  # setting `attribution_look_back_days`
_NO_TOUCH = ("email_bounce", "email_spam", "unsubscribe")


def last_campaigns(conversions: ir.Table, reading: Reading) -> ir.Table:
    """One row per conversion that a campaign touched: _conversion, _campaign.

    Parameters: conversions, one row each: conversion_id, at, contact_id, account_id.
    Touches without a campaign are direct and never get credit. For a purchase of an account the
    touches of all its contacts count. Of two touches at one instant the greater campaign id wins.
    """
    days = reading.whole_number("attribution_look_back_days", LOOK_BACK_DAYS)
    bought = conversions.select(
        _conversion="conversion_id", _bought_at="at", _buyer="contact_id", _account="account_id"
    )
    touches = _touches(reading)
    paths = ibis.union(_path(bought, touches, "_buyer", "contact_id"), _path(bought, touches, "_account", "account_id"))
    since = paths._bought_at - ibis.interval(days=days)
    inside = paths.filter((paths.touched_at <= paths._bought_at) & (paths.touched_at >= since))
    newest = ibis.row_number().over(
        group_by=inside._conversion, order_by=[inside.touched_at.desc(), inside.campaign_id.desc()]
    )
    ranked = inside.mutate(_newest=newest)
    return ranked.filter(ranked._newest == 0).select("_conversion", _campaign="campaign_id")


def _path(bought: ir.Table, touches: ir.Table, own: str, theirs: str) -> ir.Table:
    joined = bought.join(touches, [(own, theirs)])
    return joined.select("_conversion", "_bought_at", "campaign_id", "touched_at")


def _touches(reading: Reading) -> ir.Table:
    """One row per touch: contact_id, account_id (the contact's where none is given), campaign_id, touched_at."""
    parts = []
    if reading.has("campaign_members"):
        members = reading.lookup(
            "campaign_members", ["campaign_id", "contact_id", "is_holdout", "sent_at", "responded_at"]
        )
        members = members.filter((~members.is_holdout).fill_null(True))
        parts += [_member_touches(members, "sent_at"), _member_touches(members, "responded_at")]
    if reading.has("interactions"):
        made = reading.lookup("interactions", ["campaign_id", "contact_id", "account_id", "type", "occurred_at"])
        made = made.filter(made.campaign_id.notnull() & ~made["type"].isin(list(_NO_TOUCH)))
        made = without_flagged(made, reading.view, (*MACHINE_MADE, "machine_open"))
        parts.append(made.select("contact_id", "account_id", "campaign_id", touched_at="occurred_at"))
    if not parts:
        return _no_touches(reading)
    touches = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return _with_employer(touches, reading) if reading.has("contacts") else touches


def _member_touches(members: ir.Table, at: str) -> ir.Table:
    return (
        members.filter(members[at].notnull())
        .select("contact_id", "campaign_id", account_id=ibis.null().cast("string"), touched_at=members[at])
        .select("contact_id", "account_id", "campaign_id", "touched_at")
    )


def _with_employer(touches: ir.Table, reading: Reading) -> ir.Table:
    people = reading.lookup("contacts", ["account_id"]).select(_person="id", _employer="account_id")
    joined = touches.left_join(people, [("contact_id", "_person")])
    known = joined.mutate(account_id=ibis.coalesce(joined.account_id, joined._employer))
    return known.drop("_person", "_employer").mutate(campaign_id=lambda t: t.campaign_id)


def _no_touches(reading: Reading) -> ir.Table:
    campaigns = reading.lookup("campaigns", ["created_at"])
    nothing = ibis.null().cast("string")
    return campaigns.filter(ibis.literal(value=False)).select(
        contact_id=nothing, account_id=nothing, campaign_id=campaigns.id, touched_at=campaigns.created_at
    )
