"""Customers who stayed, and customers who came back."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.customers_at_start import CUSTOMERS_AT_START
from rapport.engine.metrics.relations.reactivations import RETURNS
from rapport.engine.metrics.shapes import EVENT_TOTAL, STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_SOURCE = (
    "Own. A customer with a contract is one until it ends (grace 30 days, setting `contract_grace_days`), any other "
    "for max(90 days, 3 x own median gap) after a purchase (settings `activity_window_days`, `activity_window_gaps`)."
)
_NOT_WHEN = "Purchases are rarer than the activity window: customers look lost between two of them."

RETAINED_CUSTOMERS = MetricSpec(
    id="retained_customers",
    name="Retained customers",
    room="customers",
    sentence="Customers at the start of the period who were still customers at its end.",
    formula="count of customers at the start who are one at the end, whether they stayed or came back",
    **STANDING_TOTAL,
    time_field="start and end of the period",
    unit=Unit.COUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="With those it is a part of: the customers at the start. New customers are not in it.",
    not_when=_NOT_WHEN,
    relation=CUSTOMERS_AT_START,
    figure=Amount(count("kept"), whole=count()),
    variants=("retained_customers_contractual", "retention_rate", "reactivated_customers"),
)

RETAINED_CUSTOMERS_CONTRACTUAL = MetricSpec(
    id="retained_customers_contractual",
    name="Retained customers under contract",
    room="customers",
    sentence="Customers with a contract at the start of the period who were still customers at its end.",
    formula="count of customers with a running contract at the start who are customers at the end",
    **STANDING_TOTAL,
    time_field="start and end of the period",
    unit=Unit.COUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="A contract that ended less than the grace ago counts as running: it may still be renewed.",
    not_when="Ends of contracts are not recorded.",
    relation=CUSTOMERS_AT_START,
    figure=Amount(count("kept", "by_contract"), whole=count("by_contract")),
    needs=("contracts",),
    variants=("retained_customers", "renewal_rate"),
)

REACTIVATED_CUSTOMERS = MetricSpec(
    id="reactivated_customers",
    name="Reactivated customers",
    room="customers",
    sentence="Customers who had been lost and came back in the period.",
    formula="count of returns: a purchase or contract after the end of the customer's contract or activity window",
    **EVENT_TOTAL,
    time_field="the purchase or start of the contract that ends the absence",
    unit=Unit.COUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="They are no new customers. Many of them: the activity window may be too short for your business.",
    not_when=_NOT_WHEN,
    relation=RETURNS,
    figure=Amount(count()),
    variants=("new_customers", "retained_customers"),
)
