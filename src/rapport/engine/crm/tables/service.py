"""Cases, promises on them, survey answers and when the company works."""

from rapport.engine.crm.tables.columns import Change, boolean, choice, date, instant, json, key, number, text
from rapport.engine.crm.tables.table import Kind, Table

_FIXED = Change.IMMUTABLE

CASES = Table(
    name="cases",
    entity="case",
    grain="a service request",
    kind=Kind.RECORD,
    room="service",
    occurred_at="opened_at",
    own_columns=(
        key("contact_id", "contacts", "By whom"),
        key("account_id", "accounts", "For which account"),
        key("product_id", "products", "About which product"),
        key("order_id", "orders", "About which order"),
        text("subject_line", "Subject"),
        choice("type", ("question", "incident", "complaint", "request"), "Kind of request"),
        text("topic", "Topic"),
        text("channel", "Through which channel it came"),
        text("priority", "Priority"),
        text("status", "new, open, pending, on_hold, solved, closed or as the source has it"),
        text("queue", "Queue"),
        json("tags", "Tags, a JSON list"),
        boolean("is_spam", "Spam"),
        key("merged_into_id", "cases", "The case it was merged into"),
        instant("opened_at", "When it was opened", required=True, change=_FIXED),
        instant("first_response_at", "First public human reply"),
        instant("solved_at", "When it was last solved"),
        instant("closed_at", "When it was closed"),
        key("owner_id", "users", "The user responsible"),
        json("properties", "Further fields of the source, by name"),
    ),
)

CASE_EVENTS = Table(
    name="case_events",
    entity="case_event",
    grain="something in a case",
    kind=Kind.FACT,
    room="service",
    occurred_at="occurred_at",
    sort_by=("case_id", "occurred_at", "id"),
    own_columns=(
        key("case_id", "cases", "In which case", required=True),
        choice(
            "type",
            ("opened", "reply_by_customer", "reply_by_agent", "note", "status", "assigned", "solved", "reopened"),
            "What",
            required=True,
        ),
        instant("occurred_at", "When", required=True, change=_FIXED),
        key("author_id", None, "Who (a user or a contact)"),
        boolean("is_public", "Seen by the customer"),
        boolean("is_automatic", "Made by a rule or robot"),
    ),
)

SLA_TARGETS = Table(
    name="sla_targets",
    entity="sla_target",
    grain="a promise on a case",
    kind=Kind.RECORD,
    room="service",
    occurred_at="applied_at",
    own_columns=(
        key("case_id", "cases", "On which case", required=True, change=_FIXED),
        choice("metric", ("first_response", "resolution"), "What was promised", change=_FIXED),
        instant("applied_at", "When the promise began", required=True, change=_FIXED),
        instant("due_at", "When it is due", change=Change.CHANGEABLE),
        instant("met_at", "When it was met"),
        instant("breached_at", "When it was broken"),
        text("policy", "Policy", change=_FIXED),
        text("calendar", "Business calendar", change=_FIXED),
    ),
)

SURVEY_ANSWERS = Table(
    name="survey_answers",
    entity="survey_answer",
    grain="an answer",
    kind=Kind.FACT,
    room="service",
    occurred_at="answered_at",
    own_columns=(
        key("contact_id", "contacts", "By whom"),
        key("account_id", "accounts", "For which account"),
        key("case_id", "cases", "About which case"),
        key("deal_id", "deals", "About which deal"),
        key("order_id", "orders", "About which order"),
        text("survey", "Survey or wave"),
        choice("kind", ("nps", "csat", "ces", "other"), "What was asked"),
        number("score", "The answer"),
        number("scale_min", "Lowest possible answer"),
        number("scale_max", "Highest possible answer"),
        text("comment", "What the person wrote"),
        instant("asked_at", "When it was asked"),
        instant("answered_at", "When it was answered", required=True, change=_FIXED),
    ),
)

BUSINESS_CALENDARS = Table(
    name="business_calendars",
    entity="business_calendar",
    grain="opening hours on a weekday, in force from `valid_from` to `valid_to`, or a holiday",
    kind=Kind.FACT,
    room="service",
    occurred_at=None,
    own_columns=(
        text("name", "Calendar", required=True),
        text("time_zone", "IANA time zone of the hours", required=True),
        number("weekday", "1 Monday ... 7 Sunday; null for a holiday"),
        text("opens", "HH:MM, local"),
        text("closes", "HH:MM, local; 24:00 for midnight"),
        date("valid_from", "First day in force"),
        date("valid_to", "The day after the last; null while in force"),
        date("holiday", "A day on which the calendar is closed"),
    ),
)

SERVICE = (CASES, CASE_EVENTS, SLA_TARGETS, SURVEY_ANSWERS, BUSINESS_CALENDARS)
