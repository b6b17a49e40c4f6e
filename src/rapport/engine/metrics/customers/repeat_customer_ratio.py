"""Repeat customers: who bought again."""

from rapport.engine.metrics.aggregates import count, distinct
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.customers import ORDER_CUSTOMERS
from rapport.engine.metrics.relations.first_purchases import FIRST_ORDERS
from rapport.engine.metrics.relations.sales import BUYERS
from rapport.engine.metrics.shapes import COHORT_RATIO, EVENT_RATIO, STANDING_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

REPEAT_CUSTOMER_RATIO = MetricSpec(
    id="repeat_customer_ratio",
    name="Repeat customer ratio",
    room="customers",
    sentence="Share of the customers with an order up to the end of the period who had ordered again.",
    formula="customers with a second order 24 hours or more after the first / customers with an order, ever",
    **STANDING_RATIO,
    time_field="order.ordered_at, up to the end of the period",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own. Orders within 24 hours of the first are one purchase (split shipments); refunded ones are none.",
    how_to_read="A slow number: many new customers push it down at first.",
    not_when="History is short: few had time to come back.",
    relation=ORDER_CUSTOMERS,
    figure=Ratio(count("again"), count(), proportion=True),
    variants=("repeat_customer_ratio_period", "repeat_customer_ratio_12_months"),
)

REPEAT_CUSTOMER_RATIO_PERIOD = MetricSpec(
    id="repeat_customer_ratio_period",
    name="Repeat customers in the period",
    room="customers",
    sentence="Share of the buyers of the period who bought at least twice in it.",
    formula="buyers with orders 24 hours or more apart in the period / buyers in the period",
    **EVENT_RATIO,
    time_field="order.ordered_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own.",
    how_to_read="Only compare periods of the same length: a year gives more time to come back than a month.",
    not_when="The usual time between purchases is longer than the period.",
    relation=BUYERS,
    figure=Ratio(distinct("customer_id", "again"), distinct("customer_id"), proportion=True),
    variants=("repeat_customer_ratio",),
)

REPEAT_CUSTOMER_RATIO_12_MONTHS = MetricSpec(
    id="repeat_customer_ratio_12_months",
    name="Repeat customers within 12 months",
    room="customers",
    sentence="Share of the customers whose first order lies in the period who ordered again within 365 days.",
    formula="customers with an order 24 hours to 365 days after the first / customers by their first order",
    **COHORT_RATIO,
    time_field="first order.ordered_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own. Window: setting `repeat_window_days`.",
    how_to_read="Each customer has the same time. Immature until a year after the period's end.",
    not_when="History starts late: in the first months every old customer looks new.",
    relation=FIRST_ORDERS,
    figure=Ratio(count("came_again"), count(), proportion=True),
    variants=("repeat_customer_ratio",),
)
