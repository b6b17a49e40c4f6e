"""Mails: what was sent, and which opens, clicks and bounces belong to which mail."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import MACHINE_MADE, without_flagged
from rapport.engine.crm.history import json_text
from rapport.engine.metrics.reading import Reading, either, moment, plain

MAIL_DAYS = 7  # setting `mail_window_days`
MACHINES = (*MACHINE_MADE, "machine_open")
# Setting `mails_counted_from`: `email_delivered` for sources that do not tell what they sent.
COUNTED_FROM = "email_sent"
# Clicks that are no interest in the content. Setting `service_links`: parts of the address, lower case.
SERVICE_LINKS = (
    *("unsubscribe", "optout", "opt-out", "opt_out", "preference"),
    *("view-in-browser", "view_in_browser", "webversion", "web-version"),
)
SCANNER_SECONDS = 2  # nobody reads a mail and clicks in less
_NEVER = ibis.null().cast("timestamp('UTC', 6)")
_TYPES = ("email_sent", "email_delivered", "email_open", "email_click", "email_bounce", "email_spam", "unsubscribe")


def mail_events(reading: Reading, *, since: datetime | None = None) -> ir.Table:
    """One row per mail sent, and per thing that happened with it: type, at, sent_at, mail_campaign, recipient, human.

    A thing belongs to the mail whose message id it carries, else to the last mail of the same campaign (or of none)
    to the same contact before it. What belongs to no mail is left out. `human` is false for what a flag calls a
    machine's, for opens and clicks within two seconds of delivery, and for clicks on links that are no content.

    Parameters: since, no mails sent earlier; None reads all that there are.
    """
    rows = _told(reading, since)
    begins = rows["type"] == reading.setting("mails_counted_from", COUNTED_FROM)
    rows = rows.mutate(
        begins=begins,
        recipient=ibis.coalesce(rows.contact_id, rows.message_id, rows.id),
        mail=ibis.coalesce(rows.campaign_id, ""),
        _order=ibis.ifelse(begins, 0, 1),
        _sent=ibis.ifelse(begins, rows["at"], _NEVER),
        _delivered=ibis.ifelse(rows["type"] == "email_delivered", rows["at"], _NEVER),
    )
    until_then = ibis.cumulative_window(group_by=[rows.recipient, rows.mail], order_by=[rows["at"], rows._order])
    dated = rows.mutate(last_sent=rows._sent.max().over(until_then), delivered=rows._delivered.max().over(until_then))
    named = _by_message(plain(dated))
    arrived = ibis.coalesce(ibis.ifelse(named.delivered >= named.sent_at, named.delivered, _NEVER), named.sent_at)
    at_once = named["at"] < arrived + ibis.interval(seconds=SCANNER_SECONDS)
    human = (
        ~named.machine
        & ~(at_once & named["type"].isin(["email_open", "email_click"]))
        & ~_service_click(named, reading)
    )
    return named.mutate(human=human.fill_null(True)).filter(named.sent_at.notnull())


def mail_days(reading: Reading) -> int:
    return reading.whole_number("mail_window_days", MAIL_DAYS)


def _told(reading: Reading, since: datetime | None) -> ir.Table:
    """E-mail interactions, test and internal ones left out, until the mails of the last window had their days."""
    columns = [
        "contact_id",
        "campaign_id",
        "type",
        "occurred_at",
        "message_id",
        "url",
        "url_path",
        "outcome",
        "properties",
    ]
    rows = reading.lookup("interactions", columns)
    until = max(w.end for w in reading.windows) + timedelta(days=mail_days(reading))
    kept = rows["type"].isin(list(_TYPES)) & (rows.occurred_at <= moment(until))
    if since is not None:
        kept = kept & (rows.occurred_at >= moment(since))
    rows = rows.filter(kept).mutate(at=rows.occurred_at)
    if not reading.wants("opened_by_any"):
        return plain(without_flagged(rows, reading.view, MACHINES)).mutate(machine=ibis.literal(value=False))
    rows = plain(without_flagged(rows, reading.view, ("test", "internal", "spam")))
    people = plain(without_flagged(rows, reading.view, MACHINES)).select(_human="id")
    return plain(rows.left_join(people, [("id", "_human")]).mutate(machine=lambda t: t._human.isnull()).drop("_human"))


def _by_message(rows: ir.Table) -> ir.Table:
    """`rows` with sent_at and mail_campaign of the mail that each belongs to; the message id goes first."""
    sent = rows.filter(rows.begins & rows.message_id.notnull())
    known = sent.group_by(_recipient=sent.recipient, _message=sent.message_id).aggregate(
        _sent_at=sent["at"].min(), _campaign=sent.mail.min()
    )
    joined = rows.left_join(known, [("recipient", "_recipient"), ("message_id", "_message")])
    return plain(
        joined.mutate(
            sent_at=ibis.coalesce(joined._sent_at, joined.last_sent),
            mail_campaign=ibis.coalesce(joined._campaign, joined.mail),
        ).drop("_recipient", "_message", "_sent_at", "_campaign", "last_sent")
    )


def _service_click(rows: ir.Table, reading: Reading) -> ir.BooleanValue:
    listed = reading.setting("service_links", SERVICE_LINKS)
    parts = [str(part).lower() for part in listed] if isinstance(listed, list | tuple) else []
    if not parts:
        return ibis.literal(value=False)
    address = ibis.coalesce(rows.url, rows.url_path).lower()
    return either(*(address.contains(part) for part in parts)) & (rows["type"] == "email_click")


def with_hard_bounce(rows: ir.Table) -> ir.Table:
    """`rows` (type, outcome, properties) with `hard_bounce`: the outcome, else property `bounce_type`, says so."""
    told = rows.mutate(_bounce=json_text(rows.properties, "bounce_type"))
    kind = ibis.coalesce(told.outcome, told._bounce).lower()
    final = either(kind.contains("hard"), kind.contains("permanent"))
    return told.mutate(hard_bounce=(told["type"] == "email_bounce") & final).drop("_bounce")
