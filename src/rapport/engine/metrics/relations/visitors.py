"""Visitors of the web pages, and those of them who became leads."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation, column, through
from rapport.engine.metrics.relations.lead_entries import stage_entries
from rapport.engine.metrics.windows import in_windows

_ON_PAGES = ("page_view", "form_submit", "signup")


def _visitors(reading: Reading) -> ir.Table:
    """One row per visitor and period: at (first visit), landing_page, sessions, became_lead (for the first time).

    A visitor is the contact, else the anonymous id, else the session. Machines are left out.
    """
    columns = ["contact_id", "anonymous_id", "session_id", "type", "occurred_at", "url_path"]
    rows = reading.lookup("interactions", columns)
    rows = plain(without_flagged(rows.filter(rows["type"].isin(list(_ON_PAGES))), reading.view))
    visits = in_windows(
        rows.mutate(at=rows.occurred_at, visitor=ibis.coalesce(rows.contact_id, rows.anonymous_id, rows.session_id)),
        reading.windows,
    )
    visits = visits.filter(visits.visitor.notnull())
    told = visits.group_by("period", "visitor").aggregate(
        at=visits["at"].min(),
        contact_id=visits.contact_id.max(),
        landing_page=visits.url_path.argmin(visits["at"], where=visits.url_path.notnull()),
        sessions=ibis.greatest(visits.session_id.nunique(), 1),
    )
    entries = stage_entries(reading)
    leads = in_windows(plain(entries.filter(entries.is_lead)).select("id", "at"), reading.windows)
    leads = leads.select(_lead="id", _period="period").distinct()
    joined = plain(told.mutate(id=told.visitor)).left_join(leads, [("contact_id", "_lead"), ("period", "_period")])
    return plain(joined.mutate(became_lead=joined._lead.notnull()).drop("_lead", "_period"))


VISITORS = Relation(
    name="visitors",
    grain="visitors",
    table="interactions",
    needs=("interactions.type=page_view", "contacts"),
    rows=_visitors,
    dating=Dating.PER_PERIOD,
    dimensions={
        "landing_page": column("landing_page"),
        "source": through("contact_id", "contacts", "lead_source"),
        "country": through("contact_id", "contacts", "country"),
    },
    labels=("contact_id", "landing_page", "sessions"),
)
