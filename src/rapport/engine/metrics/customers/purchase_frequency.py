"""Purchase frequency."""

from rapport.engine.metrics.aggregates import count, distinct
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.first_purchases import PURCHASE_DAYS
from rapport.engine.metrics.relations.sales import SALES
from rapport.engine.metrics.shapes import EVENT_RATIO, ROLLING_RATIO, STANDING_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

PURCHASE_FREQUENCY = MetricSpec(
    id="purchase_frequency",
    name="Purchase frequency",
    room="customers",
    sentence="Orders per buyer in the 365 days before the end of the period.",
    formula="orders / distinct customers with an order, in the 365 days before the end",
    **ROLLING_RATIO,
    time_field="order.ordered_at, trailing 365 days",
    unit=Unit.PER,
    higher_is_better=True,
    source="Own. Not the frequency of lifetime models, which counts repeat purchases only.",
    how_to_read="1.0 means that nobody came back within a year.",
    not_when="Data reach back less than a year before the period's end: it is then too low.",
    relation=SALES,
    figure=Ratio(count("is_order"), distinct("customer_id", "is_order")),
    rolling_days=365,
    variants=("purchase_frequency_period", "repeat_purchase_frequency"),
)

PURCHASE_FREQUENCY_PERIOD = MetricSpec(
    id="purchase_frequency_period",
    name="Purchase frequency in the period",
    room="customers",
    sentence="Orders per buyer in the period.",
    formula="orders / distinct customers with an order, in the period",
    **EVENT_RATIO,
    time_field="order.ordered_at",
    unit=Unit.PER,
    higher_is_better=True,
    source="Own.",
    how_to_read="Only compare periods of the same length.",
    not_when="The period is shorter than the usual time between purchases: it is then near 1 whatever happens.",
    relation=SALES,
    figure=Ratio(count("is_order"), distinct("customer_id", "is_order")),
    variants=("purchase_frequency",),
)

REPEAT_PURCHASE_FREQUENCY = MetricSpec(
    id="repeat_purchase_frequency",
    name="Repeat purchases per customer",
    room="customers",
    sentence="Days with a repeat purchase per customer, up to the end of the period.",
    formula="days with an order except each customer's first / customers with an order, ever",
    **STANDING_RATIO,
    time_field="order.ordered_at, up to the end of the period",
    unit=Unit.PER,
    higher_is_better=True,
    source="The frequency x of BG/NBD: Fader, Hardie and Lee, Counting your customers the easy way (2005), by days.",
    how_to_read="What lifetime models learn from. 0 means that nobody ever came back on another day.",
    not_when="You want orders per buyer: that is the purchase frequency, which counts the first order, too.",
    relation=PURCHASE_DAYS,
    figure=Ratio(count("is_repeat"), count("is_first")),
    variants=("purchase_frequency",),
)
