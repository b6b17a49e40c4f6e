"""What people did: page views and calls."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through

_UNANSWERED = ("voicemail", "no_answer", "busy", "failed")


def _activities(reading: Reading) -> ir.Table:
    """One row per page view or call, machines left out: at, is_page_view, is_call, is_connected_call, sent_as.

    `sent_as` is the sender's message id, else the row's own: a message sent twice counts once. `seen_once` is the
    same for all views of a page in one session.
    """
    columns = ["type", "occurred_at", "message_id", "case_id", "queue", "outcome", "duration_s"]
    page = ["session_id", "url_path"] if reading.wants("seen_once") else []
    rows = reading.table("interactions", [*columns, *page])
    rows = plain(without_flagged(rows.filter(rows["type"].isin(["page_view", "call"])), reading.view))
    if page:
        seen = rows.session_id + " " + ibis.coalesce(rows.url_path, "")
        rows = rows.mutate(seen_once=ibis.coalesce(seen, rows.message_id, rows.id))
    is_call = (rows["type"] == "call") & rows.case_id.isnull() & rows.queue.isnull()
    unanswered = rows.outcome.lower().isin(list(_UNANSWERED)).fill_null(False)
    talked = ibis.ifelse(rows.outcome.notnull(), ~unanswered, (rows.duration_s > 0).fill_null(False))
    return rows.mutate(
        at=rows.occurred_at,
        is_page_view=rows["type"] == "page_view",
        is_call=is_call,
        is_connected_call=is_call & talked,
        sent_as=ibis.coalesce(rows.message_id, rows.id),
    )


ACTIVITIES = Relation(
    name="activities",
    grain="activities",
    table="interactions",
    needs=("interactions.type",),
    rows=_activities,
    dimensions={
        "path": column("url_path"),
        "channel": column("channel"),
        "campaign": column("campaign_id"),
        "owner": column("owner_id"),
        "team": through("owner_id", "users", "team_id"),
        "direction": column("direction"),
        "outcome": column("outcome"),
        "source": through("contact_id", "contacts", "lead_source"),
        "country": through("contact_id", "contacts", "country"),
    },
    labels=("type", "contact_id", "url_path", "outcome", "owner_id"),
)
