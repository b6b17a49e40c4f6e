"""Accounts, contacts, what happened with them, and who turned out to be whom."""

from rapport.engine.crm.tables.columns import (
    Change,
    boolean,
    choice,
    currency,
    date,
    instant,
    integer,
    json,
    key,
    money,
    number,
    text,
)
from rapport.engine.crm.tables.table import Kind, Table

_FIXED = Change.IMMUTABLE

LIFECYCLE_STAGES = ("visitor", "lead", "mql", "sql", "opportunity", "customer", "former")
CHANNELS = ("web", "email", "phone", "meeting", "chat", "social", "store", "survey", "mail", "product")

ACCOUNTS = Table(
    name="accounts",
    entity="account",
    grain="a company or household",
    kind=Kind.RECORD,
    room="records",
    own_columns=(
        text("name", "Name of the company or household"),
        text("domain", "Web domain, without www"),
        text("industry", "Sector"),
        integer("employees", "Number of employees"),
        money("annual_revenue", "Revenue in a year"),
        currency(),
        text("country", "ISO 3166 country code or name as the source has it"),
        text("region", "State, county or region"),
        text("city", "City"),
        choice("type", ("prospect", "customer", "former", "partner"), "What it is to us"),
        key("parent_account_id", "accounts", "The account it belongs to"),
        key("owner_id", "users", "The user responsible"),
        json("properties", "Further fields of the source, by name"),
    ),
)

CONTACTS = Table(
    name="contacts",
    entity="contact",
    grain="a person; a lead is a contact in an early lifecycle stage",
    kind=Kind.RECORD,
    room="records",
    own_columns=(
        key("account_id", "accounts", "The account the person belongs to"),
        text("email", "E-mail address, lower-cased"),
        text("phone", "Phone number, E.164 where it can be told"),
        text("first_name", "First name"),
        text("last_name", "Last name"),
        text("title", "Job title"),
        text("seniority", "c_level, vp, director, manager, staff or as the source has it"),
        text("role", "Role in a purchase (decision maker, user, ...)"),
        choice("lifecycle_stage", LIFECYCLE_STAGES, "How far the relationship has come"),
        text("lead_source", "Where the lead came from"),
        date("birth_date", "Date of birth"),
        text("gender", "Gender as the source has it"),
        text("country", "ISO 3166 country code or name as the source has it"),
        text("region", "State, county or region"),
        text("city", "City"),
        text("language", "BCP 47 language"),
        text("time_zone", "IANA time zone"),
        key("owner_id", "users", "The user responsible"),
        key("referred_by_contact_id", "contacts", "The contact who referred this one"),
        json("properties", "Further fields of the source, by name"),
    ),
)

INTERACTIONS = Table(
    name="interactions",
    entity="interaction",
    grain="something that happened with a contact",
    kind=Kind.FACT,
    room="records",
    occurred_at="occurred_at",
    sort_by=("contact_id", "occurred_at", "id"),
    bucketed=True,
    own_columns=(
        key("contact_id", "contacts", "With whom"),
        key("account_id", "accounts", "With which account, where no contact is known"),
        key("deal_id", "deals", "About which deal"),
        key("case_id", "cases", "About which case"),
        key("campaign_id", "campaigns", "Caused by which campaign"),
        key("order_id", "orders", "About which order"),
        choice("channel", CHANNELS, "Through which channel"),
        text("type", "Interaction type (see the list of types)", required=True),
        choice("direction", ("inbound", "outbound", "internal"), "Who reached out to whom"),
        instant("occurred_at", "When it happened", required=True, change=_FIXED),
        text("message_id", "The sender's id of the message, for de-duplication"),
        text("session_id", "Web session"),
        text("url", "Address of the page"),
        text("url_path", "Path of the page"),
        text("subject_line", "Subject of the message"),
        text("outcome", "What came of it (connected, voicemail, no_answer, ...)"),
        text("queue", "Service queue"),
        key("owner_id", "users", "The user who acted"),
        instant("ended_at", "When it ended"),
        number("duration_s", "Talk or active time", unit="seconds"),
        number("wait_s", "Waiting time", unit="seconds"),
        number("hold_s", "Time on hold", unit="seconds"),
        number("after_call_s", "Work after the call", unit="seconds"),
        number("value", "A number that came with it"),
        text("anonymous_id", "The visitor's id before the contact was known"),
        json("properties", "Further fields of the event, by name"),
    ),
)

ATTRIBUTE_HISTORY = Table(
    name="attribute_history",
    entity="attribute_value",
    grain="a value, from some instant on, of a changeable column of a record",
    kind=Kind.FACT,
    room="records",
    occurred_at="valid_from",
    sort_by=("entity", "attribute", "entity_id", "valid_from", "id"),
    own_columns=(
        text("entity", "Table of the record, singular (`contact`)", required=True),
        key("entity_id", None, "Id of the record", required=True),
        text("attribute", "Column, or `properties.<name>`", required=True),
        text("value", "The value as text; null when it was emptied"),
        instant("valid_from", "From when on it held", required=True, change=_FIXED),
        text("changed_by", "User, import or source that changed it"),
    ),
)

IDENTITY_LINKS = Table(
    name="identity_links",
    entity="identity_link",
    grain="who turned out to be whom",
    kind=Kind.FACT,
    room="records",
    occurred_at=None,
    own_columns=(
        text("entity", "Table of the records, singular (`contact`, `account`)", required=True),
        key("from_id", None, "The id that gives way (a contact, or an anonymous id)", required=True),
        key("to_id", None, "The id that remains", required=True),
        choice("kind", ("merge", "identify", "unmerge"), "What was found out", required=True),
        text("by", "Who said so"),
    ),
)

INTERACTION_FLAGS = Table(
    name="interaction_flags",
    entity="interaction_flag",
    grain="what was found out about an interaction",
    kind=Kind.FACT,
    room="records",
    occurred_at=None,
    sort_by=("interaction_id", "id"),
    own_columns=(
        key("interaction_id", "interactions", "About which interaction", required=True),
        choice("flag", ("bot", "machine_open", "test", "internal", "spam"), "What was found", required=True),
        boolean("value", "True where it is so, false where that was taken back"),
        text("by", "Who or which rule found it"),
    ),
)

CONSENTS = Table(
    name="consents",
    entity="consent",
    grain="a permission given or taken",
    kind=Kind.FACT,
    room="records",
    occurred_at="decided_at",
    own_columns=(
        key("contact_id", "contacts", "By whom", required=True),
        text("purpose", "For what", required=True),
        text("channel", "Through which channel; null for all"),
        boolean("granted", "True given, false taken"),
        instant("decided_at", "When", required=True, change=_FIXED),
        text("method", "How it was given (form, double_opt_in, import, ...)"),
        text("evidence", "What proves it"),
    ),
)

SEGMENT_MEMBERSHIPS = Table(
    name="segment_memberships",
    entity="segment_membership",
    grain="a subject's stay in a segment",
    kind=Kind.RECORD,
    room="records",
    occurred_at="entered_at",
    own_columns=(
        text("segment", "Name of the segment", required=True, change=_FIXED),
        choice("subject", ("contact", "account", "deal"), "What is in it", change=_FIXED),
        key("subject_id", None, "Which one", required=True, change=_FIXED),
        instant("entered_at", "When it entered", required=True, change=_FIXED),
        instant("left_at", "When it left"),
    ),
)

PEOPLE = (
    ACCOUNTS,
    CONTACTS,
    INTERACTIONS,
    ATTRIBUTE_HISTORY,
    IDENTITY_LINKS,
    INTERACTION_FLAGS,
    CONSENTS,
    SEGMENT_MEMBERSHIPS,
)
