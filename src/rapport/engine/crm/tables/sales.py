"""Deals, quotes, products, orders and contracts."""

from rapport.engine.crm.tables.columns import (
    Change,
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

DEALS = Table(
    name="deals",
    entity="deal",
    grain="a possible sale",
    kind=Kind.RECORD,
    room="sales",
    own_columns=(
        key("account_id", "accounts", "Whose purchase"),
        key("contact_id", "contacts", "The main contact"),
        text("name", "Name of the deal"),
        text("pipeline", "Pipeline"),
        text("stage", "Stage in the pipeline"),
        choice(
            "status",
            ("open", "won", "lost"),
            "Outcome so far",
            dated_by={"won": "closed_at", "lost": "closed_at", "*": "created_at"},
        ),
        choice("type", ("new", "renewal", "up_sell", "cross_sell"), "Kind of business"),
        money("amount", "Value, net of tax"),
        currency(),
        date("expected_close_date", "When the close is expected"),
        instant("closed_at", "When it was last won or lost"),
        text("lost_reason", "Why it was lost"),
        key("product_id", "products", "The main product"),
        key("campaign_id", "campaigns", "The primary campaign"),
        key("owner_id", "users", "The user responsible"),
        number("probability", "The owner's or the stage's probability of winning", unit="0..1"),
        choice("forecast_category", ("omitted", "pipeline", "best_case", "commit"), "Part in the forecast"),
        text("competitor", "Main competitor"),
        money("recurring_amount", "Recurring part of the amount in a month"),
        integer("term_months", "Length of the term", unit="months"),
        json("properties", "Further fields of the source, by name"),
    ),
)

DEAL_STAGE_VISITS = Table(
    name="deal_stage_visits",
    entity="deal_stage_visit",
    grain="a deal's stay in a stage",
    kind=Kind.RECORD,
    room="sales",
    occurred_at="entered_at",
    own_columns=(
        key("deal_id", "deals", "Which deal", required=True, change=_FIXED),
        text("stage", "Which stage", required=True, change=_FIXED),
        instant("entered_at", "When it entered", required=True, change=_FIXED),
        instant("left_at", "When it left; null while it is there"),
        money("amount", "The deal's amount when it entered", change=_FIXED),
    ),
)

PROPOSALS = Table(
    name="proposals",
    entity="proposal",
    grain="a quote",
    kind=Kind.RECORD,
    room="sales",
    own_columns=(
        key("deal_id", "deals", "For which deal", change=_FIXED),
        text("number", "Number; revisions of one quote share it", change=_FIXED),
        money("amount", "Amount, net of tax"),
        currency(),
        instant("sent_at", "When it was first sent"),
        instant("accepted_at", "When it was accepted"),
        instant("rejected_at", "When it was rejected"),
    ),
)

PRODUCTS = Table(
    name="products",
    entity="product",
    grain="something sold",
    kind=Kind.RECORD,
    room="sales",
    own_columns=(
        text("sku", "Article number"),
        text("name", "Name"),
        text("family", "Family, for cross-sell"),
        text("category", "Category"),
        text("tier", "Tier within its family, for up-sell"),
        money("list_price", "List price"),
        money("unit_cost", "Cost of one unit"),
        currency(),
        key("successor_product_id", "products", "The product that replaced it"),
    ),
)

ORDERS = Table(
    name="orders",
    entity="order",
    grain="a purchase",
    kind=Kind.RECORD,
    room="sales",
    occurred_at="ordered_at",
    sort_by=("contact_id", "ordered_at", "id"),
    own_columns=(
        key("contact_id", "contacts", "Who bought", change=_FIXED),
        key("account_id", "accounts", "For which account", change=_FIXED),
        key("deal_id", "deals", "From which deal", change=_FIXED),
        key("campaign_id", "campaigns", "From which campaign, where the source says so", change=_FIXED),
        text("channel", "Store, web, ...", change=_FIXED),
        instant("ordered_at", "When it was bought", required=True, change=_FIXED),
        money("amount", "Net of tax and shipping, discounts deducted", change=_FIXED),
        money("margin", "Gross margin", change=_FIXED),
        currency(change=_FIXED),
        choice("status", ("paid", "refunded", "cancelled"), "State of the order", dated_by={"paid": "ordered_at"}),
    ),
)

REFUNDS = Table(
    name="refunds",
    entity="refund",
    grain="money given back",
    kind=Kind.FACT,
    room="sales",
    occurred_at="refunded_at",
    own_columns=(
        key("order_id", "orders", "For which order", required=True),
        key("order_line_id", "order_lines", "For which line"),
        money("amount", "Amount given back, positive", required=True),
        currency(),
        instant("refunded_at", "When", required=True, change=_FIXED),
    ),
)

ORDER_LINES = Table(
    name="order_lines",
    entity="order_line",
    grain="a product in an order",
    kind=Kind.FACT,
    room="sales",
    sort_by=("order_id", "id"),
    own_columns=(
        key("order_id", "orders", "In which order", required=True),
        key("product_id", "products", "Which product"),
        number("quantity", "How many"),
        money("unit_price", "Price of one, before discount"),
        money("discount", "Discount on the line, positive"),
    ),
)

CONTRACTS = Table(
    name="contracts",
    entity="contract",
    grain="a term of a recurring relation",
    kind=Kind.RECORD,
    room="sales",
    occurred_at="started_at",
    own_columns=(
        key("account_id", "accounts", "With which account", change=_FIXED),
        key("contact_id", "contacts", "With whom", change=_FIXED),
        key("product_id", "products", "About which product"),
        text("plan", "Plan"),
        number("quantity", "Seats or units"),
        money("monthly_amount", "Amount in a month"),
        currency(),
        instant("started_at", "When the term starts", required=True, change=_FIXED),
        instant("term_end_at", "When the term ends as agreed", change=_FIXED),
        instant("ended_at", "When it really ended"),
        key("renewed_by_contract_id", "contracts", "The term that followed"),
        text("cancel_reason", "Why it ended"),
    ),
)

SALES = (DEALS, DEAL_STAGE_VISITS, PROPOSALS, PRODUCTS, ORDERS, REFUNDS, ORDER_LINES, CONTRACTS)
