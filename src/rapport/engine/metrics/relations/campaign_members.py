"""Members of campaigns: reached, and responded."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, moment
from rapport.engine.metrics.relation import Dimension, Relation, column, through

RESPONSE_DAYS = 30  # setting `response_window_days`
# Interactions of a campaign that are no response to it.
NO_RESPONSE = (
    "email_sent",
    "email_delivered",
    "email_open",
    "email_bounce",
    "email_spam",
    "unsubscribe",
    "mail_sent",
    "auto_reply",
    "note",
)
CAMPAIGN_DIMENSIONS: dict[str, Dimension] = {
    "campaign": column("campaign_id"),
    "channel": through("campaign_id", "campaigns", "channel"),
    "campaign_type": through("campaign_id", "campaigns", "type"),
    "owner": through("campaign_id", "campaigns", "owner_id"),
    "country": through("contact_id", "contacts", "country"),
}
_LABELS = ("campaign_id", "contact_id")


def _members(reading: Reading, *columns: str) -> ir.Table:
    """Members that were not held out."""
    members = reading.lookup("campaign_members", ["campaign_id", "contact_id", "is_holdout", *columns])
    return members.filter((~members.is_holdout).fill_null(True))


def _responses(reading: Reading) -> ir.Table:
    """One row per contact who responded to a campaign, at the first response: id, at, campaign_id, contact_id."""
    members = _members(reading, "responded_at")
    answered = members.filter(members.responded_at.notnull())
    first = answered.group_by("campaign_id", "contact_id").aggregate(
        id=answered.id.argmin(answered.responded_at), at=answered.responded_at.min()
    )
    return first.select("id", "at", "campaign_id", "contact_id")


def _reached(reading: Reading) -> ir.Table:
    """One row per contact whom a campaign reached: at (delivered, else sent), responded within the window, matured."""
    members = _members(reading, "sent_at", "delivered_at", "responded_at")
    reached = members.mutate(reached_at=ibis.coalesce(members.delivered_at, members.sent_at))
    reached = reached.filter(reached.reached_at.notnull())
    once = reached.group_by("campaign_id", "contact_id").aggregate(
        id=reached.id.argmin(reached.reached_at), at=reached.reached_at.min(), responded_at=reached.responded_at.min()
    )
    until = once["at"] + ibis.interval(days=reading.whole_number("response_window_days", RESPONSE_DAYS))
    return once.mutate(
        responded=(once.responded_at <= until).fill_null(False), matured=until <= moment(reading.view.at)
    )


def _every_response(reading: Reading) -> ir.Table:
    """One row per interaction that answers a campaign: at, campaign_id, contact_id."""
    rows = reading.lookup("interactions", ["campaign_id", "contact_id", "type", "direction", "occurred_at"])
    rows = rows.filter(rows.campaign_id.notnull() & ~rows["type"].isin(list(NO_RESPONSE)))
    rows = rows.filter((rows.direction != "outbound").fill_null(True))
    return without_flagged(rows, reading.view).mutate(at=lambda t: t.occurred_at)


RESPONSES = Relation(
    name="campaign_responses",
    grain="campaign responses",
    table="campaign_members",
    needs=("campaign_members.responded_at",),
    rows=_responses,
    dimensions=CAMPAIGN_DIMENSIONS,
    labels=_LABELS,
)
REACHED = Relation(
    name="campaign_reach",
    grain="members reached",
    table="campaign_members",
    needs=("campaign_members",),
    rows=_reached,
    dimensions=CAMPAIGN_DIMENSIONS,
    labels=(*_LABELS, "responded_at"),
)
EVERY_RESPONSE = Relation(
    name="every_campaign_response",
    grain="responses",
    table="interactions",
    needs=("interactions.campaign_id",),
    rows=_every_response,
    dimensions=CAMPAIGN_DIMENSIONS,
    labels=(*_LABELS, "type"),
)
