"""Campaigns, their members and what was spent."""

from rapport.engine.crm.tables.columns import Change, boolean, choice, currency, date, instant, key, money, text
from rapport.engine.crm.tables.table import Kind, Table

_FIXED = Change.IMMUTABLE

CAMPAIGNS = Table(
    name="campaigns",
    entity="campaign",
    grain="a marketing effort",
    kind=Kind.RECORD,
    room="marketing",
    own_columns=(
        text("name", "Name"),
        text("channel", "Main channel"),
        text("type", "Type"),
        choice("status", ("planned", "active", "paused", "completed", "cancelled"), "State"),
        instant("started_at", "Start, planned or real", change=Change.CHANGEABLE),
        instant("ended_at", "End, planned or real", change=Change.CHANGEABLE),
        money("budget", "Budgeted cost"),
        money("actual_cost", "Cost so far"),
        currency(),
        key("parent_campaign_id", "campaigns", "The campaign it belongs to"),
        key("owner_id", "users", "The user responsible"),
    ),
)

CAMPAIGN_MEMBERS = Table(
    name="campaign_members",
    entity="campaign_member",
    grain="a contact in a campaign",
    kind=Kind.RECORD,
    room="marketing",
    occurred_at="added_at",
    own_columns=(
        key("campaign_id", "campaigns", "Which campaign", required=True, change=_FIXED),
        key("contact_id", "contacts", "Which contact", required=True, change=_FIXED),
        text("status", "Status as the source has it"),
        text("variant", "Which variant was sent", change=_FIXED),
        boolean("is_holdout", "Held out on purpose", change=_FIXED),
        instant("added_at", "When the contact was added", change=_FIXED),
        instant("sent_at", "When the first message was sent"),
        instant("delivered_at", "When it was delivered"),
        instant("responded_at", "First qualifying response"),
        instant("unsubscribed_at", "When the contact unsubscribed"),
    ),
)

COSTS = Table(
    name="costs",
    entity="cost",
    grain="money spent on customers",
    kind=Kind.FACT,
    room="marketing",
    own_columns=(
        choice(
            "category",
            ("media", "sales", "marketing", "service", "retention", "loyalty", "production", "overhead"),
            "What for",
        ),
        key("account_id", "accounts", "On which account; null: spread by a stored key"),
        key("contact_id", "contacts", "On whom; null: spread by a stored key"),
        key("campaign_id", "campaigns", "For which campaign"),
        money("amount", "Amount", required=True),
        currency(),
        date("period_start", "First day of the service"),
        date("period_end", "The day after the last"),
    ),
)

MARKETING = (CAMPAIGNS, CAMPAIGN_MEMBERS, COSTS)
