"""What customers leave over."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.figures import Amount, Mean
from rapport.engine.metrics.relations.customer_costs import CUSTOMER_PROFITS
from rapport.engine.metrics.shapes import EVENT_AVERAGE, EVENT_DISTINCT
from rapport.engine.metrics.spec import MetricSpec, Unit

_SOURCE = (
    "Own. Payments are orders less refunds. Costs of every category count by the days of the service: those that name "
    "an account or a contact on it, the others on all by what they paid in the period."
)

CUSTOMER_PROFIT = MetricSpec(
    id="customer_profit",
    name="Customer profit",
    room="retention",
    sentence="What customers paid in the period less the costs allocated to them.",
    formula="payments - own costs - costs that name nobody x share of the payments of the period",
    **EVENT_DISTINCT,
    time_field="order.ordered_at, refund.refunded_at; cost.period_start, cost.period_end",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Open the rows: who pays much and costs more. Where nobody paid, costs stand on a row of their own.",
    not_when="Costs are not told in full: it is then too high.",
    relation=CUSTOMER_PROFITS,
    figure=Amount(total("profit")),
    amount_where=(),
    variants=("customer_profit_mean", "clv_historic"),
)

CUSTOMER_PROFIT_MEAN = MetricSpec(
    id="customer_profit_mean",
    name="Profit per customer",
    room="retention",
    sentence="What a customer with payments or costs in the period left over, on average.",
    formula="mean over customers of payments - allocated costs",
    **EVENT_AVERAGE,
    time_field="order.ordered_at, refund.refunded_at; cost.period_start, cost.period_end",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Below 0 where customers cost more than they pay.",
    not_when="Costs are not told in full: it is then too high.",
    relation=CUSTOMER_PROFITS,
    figure=Mean("profit", ("is_customer",)),
    amount_where=(),
    variants=("customer_profit",),
)
