"""Who may be mailed, since when, and why not any longer."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.mails import with_hard_bounce
from rapport.engine.metrics.relations.stretches import stretches

# Consents asked for and not confirmed yet: a double opt-in counts when it is confirmed.
_UNCONFIRMED = ("double_opt_in_requested", "double_opt_in_pending", "pending", "unconfirmed")
# Permissions ended by us because mail does not arrive.
_CLEANED = ("cleaned", "bounce", "hard_bounce", "bounced", "list_cleaning")
_BY_BOUNCE = ("bounce", "cleaned")

_DIMENSIONS: dict[str, Dimension] = {
    "list": column("list_name"),
    "source": through("contact_id", "contacts", "lead_source"),
    "country": through("contact_id", "contacts", "country"),
    "owner": through("contact_id", "contacts", "owner_id"),
}


def _mailable(reading: Reading) -> ir.Table:
    """One row per stretch in which a contact could be mailed: contact_id, from_at, to_at, ended_by.

    Asked by list (the purpose of the consent): one per contact and list.
    """
    turns = _turns(reading)
    each = _ended(stretches(turns.select("id", "at", "opens")), turns)
    names = turns.group_by(_member=turns.id).aggregate(
        contact_id=turns.contact_id.max(), list_name=turns.list_name.max()
    )
    members = plain(each.join(names, [("id", "_member")]).drop("_member"))
    return members.mutate(id=members.contact_id) if reading.wants("list_name") else _of_any_list(members)


def _turns(reading: Reading) -> ir.Table:
    """One row per permission given or ended: id (contact and list), contact_id, list_name, at, opens, why."""
    given = _consents(reading)
    ends = _ends(reading)
    if ends is None:
        return given
    lists = given.select(_member="id", _contact="contact_id", _list="list_name").distinct()
    ended = ends.join(lists, [("contact_id", "_contact")])
    return given.union(
        ended.select(
            id=ended._member,
            contact_id=ended.contact_id,
            list_name=ended._list,
            at=ended["at"],
            opens=ibis.literal(value=False),
            why=ended.why,
        )
    )


def _consents(reading: Reading) -> ir.Table:
    """Permissions for e-mail, or for every channel. Setting `email_purposes`: only for these."""
    rows = reading.lookup("consents", ["contact_id", "purpose", "channel", "granted", "decided_at", "method"])
    method = rows.method.lower().fill_null("")
    mail = rows.channel.isnull() | (rows.channel.lower() == "email")
    rows = rows.filter(mail & rows.granted.notnull() & ~method.isin(list(_UNCONFIRMED)))
    purposes = reading.setting("email_purposes", None)
    if isinstance(purposes, list | tuple):
        rows = rows.filter(rows.purpose.isin([str(p) for p in purposes]))
    if reading.has("contacts"):
        rows = rows.semi_join(reading.lookup("contacts", ["created_at"]), [("contact_id", "id")])
    cleaned = rows.method.lower().fill_null("").isin(list(_CLEANED))
    return rows.select(
        id=rows.contact_id + "|" + ibis.coalesce(rows.purpose, ""),
        contact_id=rows.contact_id,
        list_name=rows.purpose,
        at=rows.decided_at,
        opens=rows.granted,
        why=ibis.cases((rows.granted, "opt-in"), (cleaned, "cleaned"), else_="unsubscribe"),
    )


def _ends(reading: Reading) -> ir.Table | None:
    """What ends the permission for all lists: contact_id, at, why. None where nothing tells of it."""
    parts = []
    if reading.has("interactions"):
        rows = reading.lookup("interactions", ["contact_id", "type", "occurred_at", "outcome", "properties"])
        rows = rows.filter(rows["type"].isin(["unsubscribe", "email_spam", "email_bounce"]))
        rows = with_hard_bounce(plain(without_flagged(rows, reading.view)))
        rows = rows.filter((rows["type"] != "email_bounce") | rows.hard_bounce)
        why = ibis.cases((rows["type"] == "email_spam", "complaint"), (rows.hard_bounce, "bounce"), else_="unsubscribe")
        parts.append(rows.select("contact_id", at=rows.occurred_at, why=why))
    if reading.has("campaign_members"):
        members = reading.lookup("campaign_members", ["contact_id", "unsubscribed_at"])
        left = members.filter(members.unsubscribed_at.notnull())
        parts.append(left.select("contact_id", at="unsubscribed_at", why=ibis.literal("unsubscribe")))
    return ibis.union(*parts) if len(parts) > 1 else parts[0] if parts else None


def _ended(stood: ir.Table, turns: ir.Table) -> ir.Table:
    """`stood` with ended_by; of two reasons at one instant the first in the alphabet."""
    reasons = turns.filter(~turns.opens).group_by(_id="id", _at="at").aggregate(ended_by=lambda t: t.why.min())
    joined = plain(stood).left_join(reasons, [("id", "_id"), ("to_at", "_at")])
    return plain(joined.drop("_id", "_at"))


def _of_any_list(members: ir.Table) -> ir.Table:
    """Stretches on some list, from the stretches on each: id and contact_id, from_at, to_at, ended_by."""
    begun = members.select("contact_id", at=members.from_at, step=ibis.literal(1, type="int64"))
    over = members.filter(members.to_at.notnull())
    steps = begun.union(over.select("contact_id", at=over.to_at, step=ibis.literal(-1, type="int64")))
    until_then = ibis.cumulative_window(group_by=steps.contact_id, order_by=[steps["at"], steps.step.desc()])
    counted = steps.mutate(lists=steps.step.sum().over(until_then))
    stood = stretches(counted.select(id="contact_id", at=counted["at"], opens=counted.lists > 0))
    reasons = over.group_by(_id=over.contact_id, _at=over.to_at).aggregate(ended_by=over.ended_by.min())
    joined = plain(stood).left_join(reasons, [("id", "_id"), ("to_at", "_at")]).drop("_id", "_at")
    return plain(joined.mutate(contact_id=joined["id"]))


def _changes(reading: Reading) -> ir.Table:
    """One row per permission given or ended: at, contact_id, joined, left, left_by_choice (not by bounces), why."""
    stood = _mailable(reading)
    kept = ["id", "contact_id", *(["list_name"] if "list_name" in stood.columns else [])]
    begun = stood.select(*kept, at=stood.from_at, joined=ibis.literal(value=True), why=ibis.literal("opt-in"))
    over = stood.filter(stood.to_at.notnull())
    rows = plain(begun.union(over.select(*kept, at=over.to_at, joined=ibis.literal(value=False), why=over.ended_by)))
    by_bounce = rows.why.isin(list(_BY_BOUNCE))
    return rows.mutate(
        left=~rows.joined,
        left_by_choice=~rows.joined & ~by_bounce,
        left_by_bounce=~rows.joined & by_bounce,
        complained=rows.why == "complaint",
    )


_NEEDS = ("consents.granted", "consents.decided_at")

MAILABLE = Relation(
    name="mailable_contacts",
    grain="mailable contacts",
    table="consents",
    needs=_NEEDS,
    rows=_mailable,
    dating=Dating.STANDING,
    dimensions=_DIMENSIONS,
    labels=("contact_id",),
)
LIST_CHANGES = Relation(
    name="list_changes",
    grain="list changes",
    table="consents",
    needs=_NEEDS,
    rows=_changes,
    dimensions={**_DIMENSIONS, "list": column("list_name", own_rows=True)},
    labels=("contact_id", "why"),
)
