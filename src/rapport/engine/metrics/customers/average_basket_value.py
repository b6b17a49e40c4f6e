"""Baskets: what they are worth, and how much is in them."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Mean, Quantile, Ratio
from rapport.engine.metrics.relations.sales import SALES
from rapport.engine.metrics.shapes import EVENT_AVERAGE, EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

AVERAGE_BASKET_VALUE = MetricSpec(
    id="average_basket_value",
    name="Average basket value",
    room="customers",
    sentence="Net revenue of the period divided by its orders.",
    formula="(order amounts - refunds given in the period) / orders with an amount above 0",
    **EVENT_RATIO,
    time_field="order.ordered_at, refund.refunded_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own; without tax and shipping, cancelled and zero-value orders left out.",
    how_to_read="What a purchase is worth. By channel it tells where the large baskets are.",
    not_when="A few very large orders carry it (see the median), or refunds are given months later.",
    relation=SALES,
    figure=Ratio(total("amount"), count("in_basket")),
    needs=("orders.amount",),
    amount_where=(),
    variants=("median_basket_value", "items_per_basket"),
)

MEDIAN_BASKET_VALUE = MetricSpec(
    id="median_basket_value",
    name="Median basket value",
    room="customers",
    sentence="Half of the orders of the period were worth at least this much.",
    formula="median of order amounts above 0; refunds are not in it",
    **EVENT_AVERAGE,
    time_field="order.ordered_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="The usual basket. Far below the average: a few large orders.",
    not_when="You need a number that adds up to revenue.",
    relation=SALES,
    figure=Quantile("amount", 0.5, ("in_basket",)),
    needs=("orders.amount",),
    amount_where=("is_order",),
    variants=("average_basket_value",),
)

ITEMS_PER_BASKET = MetricSpec(
    id="items_per_basket",
    name="Items per basket",
    room="customers",
    sentence="Pieces in an order of the period, on average.",
    formula="sum of the quantities of order lines / orders with lines",
    **EVENT_AVERAGE,
    time_field="order.ordered_at",
    unit=Unit.PER,
    higher_is_better=True,
    source="Own; cancelled orders left out, refunds do not take pieces back.",
    how_to_read="With the price of a piece it explains the basket value.",
    not_when="Lines are recorded for some channels only: orders without lines are left out. Kilograms count as pieces.",
    relation=SALES,
    figure=Mean("items", ("has_items",)),
    needs=("order_lines.quantity",),
    variants=("average_basket_value",),
)
