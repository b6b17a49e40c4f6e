"""Leads and the first time that somebody of the company reached out to them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.crm.identity import survivors
from rapport.engine.crm.local_day import local_time
from rapport.engine.metrics.business_clock import with_business_hours
from rapport.engine.metrics.reading import Reading, elapsed, moment, plain
from rapport.engine.metrics.relation import Relation, column
from rapport.engine.metrics.relations.lead_entries import STAGE_ENTRIES, lead_entries
from rapport.engine.metrics.relations.then import known_entries

_BY_ITSELF = ("auto_reply", "email_delivered", "email_open", "email_click", "email_bounce", "email_spam", "unsubscribe")
_IN_PERSON = ("call", "meeting")
_WITHIN = {"within_5_min": 5, "within_1_h": 60, "within_24_h": 1440}
_WINDOW_HOURS = 24  # the longest of them: until then a lead's shares may still change


def _touched(reading: Reading) -> ir.Table:
    """One row per lead by its entry: at, touched, minutes, business_minutes, within_5_min ..., assigned, hour, matured.

    The touch is the contact's first outbound interaction that a human made: by a user, or a call or
    meeting; no campaign's, no automatic reply. One before the entry took 0 minutes. Minutes are
    null for leads that nobody touched yet. From assignment: since the first owner was named, at
    the earliest the entry.
    """
    leads = plain(lead_entries(reading))
    touches = _first_touches(reading)
    rows = plain(leads.left_join(touches, [("id", "_who")]).drop("_who"))
    rows = rows.mutate(touched=rows.touched_at.notnull(), touched_at=ibis.greatest(rows.touched_at, rows["at"]))
    rows = rows.mutate(touched_at=ibis.ifelse(rows.touched, rows.touched_at, ibis.null()))
    rows = rows.mutate(minutes=elapsed(rows["at"], rows.touched_at, unit="hours") * 60)
    within = {name: (rows.minutes <= limit).fill_null(False) for name, limit in _WITHIN.items()}
    over = rows["at"] + ibis.interval(hours=_WINDOW_HOURS) <= moment(reading.view.at)
    rows = rows.mutate(**within, matured=rows.touched | over)
    if reading.wants("hour"):
        rows = rows.mutate(hour=local_time(rows["at"], reading.time_zone).hour().cast("string").lpad(2, "0"))
    if reading.wants("business_minutes"):
        rows = with_business_hours(rows, reading, start="at", end="touched_at", name="business_minutes")
        rows = rows.mutate(business_minutes=rows.business_minutes * 60)
    return _since_assignment(rows, reading) if reading.wants("assigned", "assigned_business_minutes") else rows


def _first_touches(reading: Reading) -> ir.Table:
    """One row per contact: _who, touched_at."""
    touches = reading.lookup(
        "interactions", ["contact_id", "campaign_id", "type", "direction", "owner_id", "occurred_at"]
    )
    by_hand = (touches.owner_id.notnull() & ~touches["type"].isin(list(_BY_ITSELF))) | touches["type"].isin(
        list(_IN_PERSON)
    )
    outbound = touches.filter((touches.direction == "outbound") & touches.campaign_id.isnull() & by_hand)
    human = without_flagged(outbound, reading.view)
    return human.group_by(_who=human.contact_id).aggregate(touched_at=human.occurred_at.min())


def _since_assignment(rows: ir.Table, reading: Reading) -> ir.Table:
    joined = plain(rows.left_join(_assignments(reading), [("id", "_who")]).drop("_who"))
    since = ibis.greatest(joined._assigned_at, joined["at"])
    dated = joined.mutate(
        assigned_at=ibis.ifelse(joined._assigned_at.notnull(), since, ibis.null()),
        assigned=joined.touched & joined._assigned_at.notnull(),
    ).drop("_assigned_at")
    # a touch before the assignment took no time
    met = dated.mutate(
        _met=ibis.ifelse(dated.assigned, ibis.greatest(dated.touched_at, dated.assigned_at), ibis.null())
    )
    timed = with_business_hours(met, reading, start="assigned_at", end="_met", name="assigned_business_minutes")
    return timed.mutate(assigned_business_minutes=timed.assigned_business_minutes * 60).drop("_met")


def _assignments(reading: Reading) -> ir.Table:
    """One row per contact: _who, _assigned_at, when it first had an owner; merged people taken together."""
    entries = known_entries(reading, "contacts", ["owner_id"])
    owned = entries.filter(entries.value.notnull()).select("id", "valid_from")
    chain = survivors(reading.view, "contact")
    if chain is not None:
        links = chain.select(_from="from_id", _to="to_id")
        followed = owned.left_join(links, [("id", "_from")])
        owned = followed.mutate(id=ibis.coalesce(followed._to, followed.id)).drop("_from", "_to")
    return owned.group_by(_who=owned.id).aggregate(_assigned_at=owned.valid_from.min())


LEAD_TOUCHES = Relation(
    name="lead_touches",
    grain="leads",
    table="contacts",
    needs=("contacts", "interactions.direction"),
    rows=_touched,
    dimensions={**STAGE_ENTRIES.dimensions, "hour": column("hour")},
    labels=(*STAGE_ENTRIES.labels, "touched_at"),
)
