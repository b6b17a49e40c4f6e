"""Events: interaction types, and what other tables say happened (a deal won, an order placed).

A row of `events()` is one occurrence. Whose it is:

    contact   interactions, orders and contracts with its contact_id; campaign responses of the contact;
              deals whose main contact it is
    account   the same of the contacts that belong to it as of the instant, and rows with its account_id:
              for interactions only where they have no contact; for deals, orders and contracts the row's own
              account_id goes first, the contact's account stands in where it is empty
    deal      interactions and orders with its deal_id; its own winning or losing

Each occurrence is dated by one column and nothing after the view's instant is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.flags import without_flagged
from rapport.engine.crm.history import json_text
from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DefinitionError

ANY = "any"  # every interaction whose direction is not outbound (unknown counts as not outbound)

INTERACTION_TYPES: Mapping[str, str | None] = {
    # our name: Segment's name of the track call (or the call itself), None where Segment has none
    "page_view": "page",
    "screen_view": "screen",
    "form_submit": "Form Submitted",
    "signup": "Signed Up",
    "login": "Signed In",
    "trial_start": "Trial Started",
    "product_use": "Product Used",
    "product_view": "Product Viewed",
    "cart_add": "Product Added",
    "checkout_start": "Checkout Started",
    "content_download": "Content Downloaded",
    "video_view": "Video Playback Started",
    "ad_click": "Ad Clicked",
    "email_sent": None,
    "email_delivered": "Email Delivered",
    "email_open": "Email Opened",
    "email_click": "Email Link Clicked",
    "email_reply": None,
    "email_bounce": "Email Bounced",
    "email_spam": "Email Marked as Spam",
    "unsubscribe": "Unsubscribed",
    "call": None,
    "meeting": None,
    "chat": "Live Chat Conversation Started",
    "social": "Social Engaged",
    "webinar": "Webinar Attended",
    "store_visit": None,
    "mail_sent": None,
    "coupon_redeemed": "Coupon Applied",
    "survey_answered": None,
    "note": None,
}
"""Types known by name; others are taken as they come."""


@dataclass(frozen=True, kw_only=True)
class DerivedEvent:
    """An event read from another table, dated by one of its columns.

    Attributes:
        keep, drop: column -> value that a row must have, or must not have (unknown is not that value).
        deal_id: the column that names the deal; None where the event belongs to no deal.
    """

    table: str
    dated_by: str
    keep: Mapping[str, str] = field(default_factory=dict)
    drop: Mapping[str, str] = field(default_factory=dict)
    account_id: str | None = "account_id"
    deal_id: str | None = None


DERIVED: Mapping[str, DerivedEvent] = {
    "deal_won": DerivedEvent(table="deals", dated_by="closed_at", keep={"status": "won"}, deal_id="id"),
    "deal_lost": DerivedEvent(table="deals", dated_by="closed_at", keep={"status": "lost"}, deal_id="id"),
    # an order is not cancelled unless it is known to be
    "order_placed": DerivedEvent(
        table="orders", dated_by="ordered_at", drop={"status": "cancelled"}, deal_id="deal_id"
    ),
    "campaign_response": DerivedEvent(table="campaign_members", dated_by="responded_at", account_id=None),
    "contract_ended": DerivedEvent(table="contracts", dated_by="ended_at"),
}
EVENTS_WITHOUT_DEALS = frozenset(name for name, event in DERIVED.items() if event.deal_id is None)


def table_of(event: str) -> str:
    """The table that an event is read from."""
    return DERIVED[event].table if event in DERIVED else "interactions"


def events(
    view: AsOf, event: str, *, subject: str = "contact", columns: Sequence[str] = (), needed_by: str | None = None
) -> ir.Table:
    """One row per occurrence of `event` that belongs to a subject, up to the view's instant; bots out.

    Parameters: event, an interaction type, `any`, or a key of `DERIVED`; columns, further columns of the
        event's table to carry along (`properties.<key>` too).
    Columns: subject_id, id, occurred_at, and `columns`.
    Raises: MissingTable naming `needed_by`; DefinitionError for an event that the subject cannot have.
    """
    needed_by = needed_by or f"the event {event}"
    if event not in DERIVED:
        rows = interactions(view, columns=("type", *columns), subject=subject, needed_by=needed_by)
        if event != ANY:
            rows = rows.filter(rows.type == event)
        else:
            rows = rows.filter((rows.direction != "outbound").fill_null(True))
        return rows.select("subject_id", "id", "occurred_at", *(c for c in columns if c != "id"))
    return _derived(view, event, subject=subject, columns=columns, needed_by=needed_by)


def interactions(view: AsOf, *, columns: Sequence[str], subject: str, needed_by: str) -> ir.Table:
    """Interactions that belong to a subject, bots out: subject_id, id, occurred_at, direction and `columns`."""
    keys = {"contact": ("contact_id",), "account": ("contact_id", "account_id"), "deal": ("deal_id",)}[subject]
    wanted = tuple(dict.fromkeys((*keys, "occurred_at", "direction", *_of_table("interactions", columns))))
    rows = view.table("interactions", needed_by=needed_by, columns=wanted)
    rows = without_flagged(with_properties(rows, columns), view)
    if subject == "account":
        rows = by_account(rows, view, own_first=False, needed_by=needed_by)
    else:
        rows = rows.mutate(subject_id=rows[keys[0]])
    return rows.filter(rows.subject_id.notnull())


def _derived(view: AsOf, event: str, *, subject: str, columns: Sequence[str], needed_by: str) -> ir.Table:
    spec = DERIVED[event]
    if subject == "deal" and spec.deal_id is None:
        raise DefinitionError("This event does not belong to a deal.", received=event, where=needed_by)
    own = [c for c in ("contact_id", spec.account_id, spec.deal_id) if c]
    wanted = (*own, spec.dated_by, *spec.keep, *spec.drop, *_of_table(spec.table, columns))
    rows = view.table(spec.table, needed_by=needed_by, columns=tuple(dict.fromkeys(wanted)))
    rows = with_properties(rows, columns)
    for column, value in spec.keep.items():
        rows = rows.filter(rows[column] == value)
    for column, value in spec.drop.items():
        rows = rows.filter((rows[column] != value).fill_null(True))
    rows = rows.mutate(occurred_at=rows[spec.dated_by])
    if subject == "account":
        rows = by_account(rows, view, own_first=spec.account_id is not None, needed_by=needed_by)
    else:
        rows = rows.mutate(subject_id=rows["contact_id" if subject == "contact" else str(spec.deal_id)])
    rows = rows.filter(rows.subject_id.notnull() & rows.occurred_at.notnull())
    return rows.select("subject_id", "id", "occurred_at", *(c for c in columns if c != "id"))


def by_account(rows: ir.Table, view: AsOf, *, own_first: bool, needed_by: str) -> ir.Table:
    """The account of each row: of its contact as of the instant, or its own."""
    own = rows["account_id"] if "account_id" in rows.columns else ibis.null("string")
    if not view.has("contacts"):
        return rows.mutate(subject_id=own)
    members = view.table("contacts", needed_by=needed_by, columns=["account_id"])
    members = members.select(_contact="id", _account="account_id")
    rows = rows.mutate(_own=own)
    joined = rows.left_join(members, [("contact_id", "_contact")])
    joined = joined.mutate(_account=joined._account)
    through_contact = joined._account
    if own_first:
        subject_id = ibis.coalesce(joined._own, through_contact)
    else:
        subject_id = ibis.ifelse(joined.contact_id.isnull(), joined._own, through_contact)
    return joined.mutate(subject_id=subject_id).drop("_own", "_contact", "_account")


def _of_table(table: str, columns: Sequence[str]) -> list[str]:
    """What to ask the view for: declared columns, and the JSON document where a property is wanted."""
    declared = TABLES[table].columns
    asked = [c for c in columns if c in declared or (c.startswith("properties.") and TABLES[table].changeable)]
    if any(c.startswith("properties.") and c not in asked for c in columns):
        asked.append("properties")
    return asked


def with_properties(rows: ir.Table, columns: Sequence[str]) -> ir.Table:
    """`rows` with the members `properties.<key>` of their JSON document as text columns of that name."""
    missing = [c for c in columns if c.startswith("properties.") and c not in rows.columns]
    return rows.mutate(**{c: json_text(rows.properties, c.removeprefix("properties.")) for c in missing})
