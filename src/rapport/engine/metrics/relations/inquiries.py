"""Inquiries: who reached out to us."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through

# Setting `inquiry_types`: interactions by which somebody asks something of us.
INQUIRY_TYPES = ("form_submit", "call", "chat", "email_reply", "inquiry", "social_message")
_ALWAYS_INBOUND = ("form_submit", "email_reply", "inquiry")


def _inquiries(reading: Reading) -> ir.Table:
    """One row per inbound inquiry that belongs to no service case: at, sent_as (a message told twice is one)."""
    types = reading.words("inquiry_types", INQUIRY_TYPES)
    columns = ["contact_id", "account_id", "type", "direction", "occurred_at", "message_id", "case_id", "channel"]
    rows = reading.table("interactions", columns)
    inbound = (rows.direction == "inbound") | (rows.direction.isnull() & rows["type"].isin(list(_ALWAYS_INBOUND)))
    asked = rows.filter(rows["type"].isin(types) & inbound.fill_null(False) & rows.case_id.isnull())
    asked = plain(without_flagged(asked, reading.view))
    return asked.mutate(at=asked.occurred_at, sent_as=ibis.coalesce(asked.message_id, asked.id))


INQUIRIES = Relation(
    name="inquiries",
    grain="inquiries",
    table="interactions",
    needs=("interactions.type",),
    rows=_inquiries,
    dimensions={
        "type": column("type"),
        "channel": column("channel"),
        "campaign": column("campaign_id"),
        "owner": column("owner_id"),
        "source": through("contact_id", "contacts", "lead_source"),
        "country": through("contact_id", "contacts", "country"),
    },
    labels=("type", "channel", "contact_id", "owner_id"),
)
