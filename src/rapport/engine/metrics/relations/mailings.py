"""Mails by the day they were sent, and opens and clicks by the day they happened."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Dimension, Relation, column, through
from rapport.engine.metrics.relations.mails import mail_days, mail_events

TEXT_ONLY = ("plaintext", "plain_text", "plain text", "text")  # campaign types; setting `text_only_campaign_types`

_DIMENSIONS: dict[str, Dimension] = {
    "campaign": column("campaign_id"),
    "channel": through("campaign_id", "campaigns", "channel"),
    "campaign_type": through("campaign_id", "campaigns", "type"),
    "owner": through("campaign_id", "campaigns", "owner_id"),
    "domain": column("domain"),
    "source": through("contact_id", "contacts", "lead_source"),
    "country": through("contact_id", "contacts", "country"),
}


def _mails(reading: Reading) -> ir.Table:
    """One row per mail, at its sending, with what came of it in the days it has: delivered, opened, clicked, ...

    opens and clicks count every one of them; the booleans whether there was one. A mail sent twice with one message
    id is one mail. Nothing that bounced counts as opened or clicked.
    """
    rows = mail_events(reading, since=min(w.start for w in reading.windows))
    lasting = ibis.interval(days=mail_days(reading))
    rows = rows.mutate(_inside=rows["at"] <= rows.sent_at + lasting)

    def happened(name: str) -> ir.BooleanColumn:
        return (rows["type"] == name) & rows._inside

    told = rows.group_by("recipient", "mail_campaign", "sent_at").aggregate(
        id=rows.id.min(where=rows.begins),
        contact_id=rows.contact_id.max(),
        delivered_at=rows["at"].max(where=rows["type"] == "email_delivered"),
        bounced_at=rows["at"].max(where=happened("email_bounce")),
        opens=rows.count(where=happened("email_open") & rows.human),
        clicks=rows.count(where=happened("email_click") & rows.human),
        _opens_by_any=rows.count(where=happened("email_open")),
        _complaints=rows.count(where=happened("email_spam")),
        _departures=rows.count(where=happened("unsubscribe")),
    )
    bounced = (told.bounced_at > ibis.coalesce(told.delivered_at, told.sent_at)).fill_null(False)
    bounced = bounced | (told.bounced_at.notnull() & told.delivered_at.isnull())
    mails = told.filter(told.id.notnull()).mutate(
        at=told.sent_at,
        campaign_id=told.mail_campaign.nullif(""),
        bounced=bounced,
        matured=told.sent_at + lasting <= moment(reading.view.at),
    )
    mails = mails.mutate(
        delivered=~mails.bounced,
        opened=~mails.bounced & (mails.opens > 0),
        clicked=~mails.bounced & (mails.clicks > 0),
        answered=~mails.bounced & ((mails.opens > 0) | (mails.clicks > 0)),
        opened_by_any=~mails.bounced & (mails._opens_by_any > 0),
        complained=~mails.bounced & (mails._complaints > 0),
        departed=~mails.bounced & (mails._departures > 0),
    )
    return _with_domain(_with_form(plain(mails), reading), reading)


def _with_form(mails: ir.Table, reading: Reading) -> ir.Table:
    """`is_html`: false for mails of campaigns that are text only, which cannot tell that they were opened."""
    if not reading.wants("is_html"):
        return mails
    listed = reading.setting("text_only_campaign_types", TEXT_ONLY)
    types = [str(name).lower() for name in listed] if isinstance(listed, list | tuple) else []
    if not reading.has("campaigns") or not types:
        return mails.mutate(is_html=ibis.literal(value=True))
    campaigns = reading.lookup("campaigns", ["type"])
    text_only = campaigns.filter(campaigns["type"].lower().isin(types)).select(_text_only="id")
    joined = mails.left_join(text_only, [("campaign_id", "_text_only")])
    return plain(joined.mutate(is_html=joined._text_only.isnull()).drop("_text_only"))


def _with_domain(mails: ir.Table, reading: Reading) -> ir.Table:
    if not reading.wants("domain"):
        return mails
    if not reading.has("contacts"):
        return mails.mutate(domain=ibis.null().cast("string"))
    people = reading.lookup("contacts", ["email"])
    domain = ibis.ifelse(people.email.contains("@"), people.email.split("@")[1].lower(), ibis.null().cast("string"))
    joined = mails.left_join(people.select(_person="id", domain=domain), [("contact_id", "_person")])
    return plain(joined.drop("_person"))


def _answers(reading: Reading) -> ir.Table:
    """One row per open or click by a person, when it happened: at, mail_id, is_open, is_click."""
    rows = mail_events(reading)
    rows = rows.filter(rows["type"].isin(["email_open", "email_click"]) & rows.human)
    return rows.mutate(
        campaign_id=rows.mail_campaign.nullif(""),
        mail_id=rows.recipient + "|" + rows.mail_campaign + "|" + rows.sent_at.cast("string"),
        is_open=rows["type"] == "email_open",
        is_click=rows["type"] == "email_click",
    )


MAILINGS = Relation(
    name="mailings",
    grain="mails",
    table="interactions",
    needs=("interactions.type",),
    rows=_mails,
    dimensions=_DIMENSIONS,
    labels=("contact_id", "campaign_id", "opens", "clicks", "bounced"),
)
MAIL_ANSWERS = Relation(
    name="mail_answers",
    grain="opens and clicks",
    table="interactions",
    needs=("interactions.type",),
    rows=_answers,
    dimensions={name: d for name, d in _DIMENSIONS.items() if name != "domain"},
    labels=("contact_id", "campaign_id", "type", "url"),
)
