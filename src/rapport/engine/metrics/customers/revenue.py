"""Revenue, orders, and who placed them."""

from rapport.engine.metrics.aggregates import count, distinct, total
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.sales import SALES
from rapport.engine.metrics.shapes import EVENT_DISTINCT, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

REVENUE = MetricSpec(
    id="revenue",
    name="Revenue",
    room="customers",
    sentence="Net amount of the orders of the period, less what was refunded in it.",
    formula="sum of order amounts - sum of refunds, each on its own day, in base currency; cancelled orders left out",
    **EVENT_TOTAL,
    time_field="order.ordered_at, refund.refunded_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own; without tax and shipping, discounts deducted.",
    how_to_read="A refund lowers the period in which it was given, not that of the order.",
    not_when="Not the revenue of the books: nothing is spread over a service's term.",
    relation=SALES,
    figure=Amount(total("amount")),
    needs=("orders.amount",),
    amount_where=(),
    variants=("orders", "campaign_revenue"),
)

ORDERS = MetricSpec(
    id="orders",
    name="Orders",
    room="customers",
    sentence="Orders placed in the period and not cancelled.",
    formula="count of orders by ordered_at; refunds do not take an order away",
    **EVENT_TOTAL,
    time_field="order.ordered_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="With the average basket value it explains the revenue.",
    not_when="One purchase is split into several orders.",
    relation=SALES,
    figure=Amount(count("is_order")),
    variants=("revenue",),
)

ACTIVE_CUSTOMERS = MetricSpec(
    id="active_customers",
    name="Active customers",
    room="customers",
    sentence="Different customers who placed an order in the period.",
    formula="distinct customers with an order that was not cancelled",
    **EVENT_DISTINCT,
    time_field="order.ordered_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own. The setting `customer_grain` says whether accounts or persons are counted.",
    how_to_read="Months cannot be added: who buys in two of them is one customer.",
    not_when="Purchases are rarer than the period is long.",
    relation=SALES,
    figure=Amount(distinct("customer_id", "is_order")),
    variants=("customers",),
)
