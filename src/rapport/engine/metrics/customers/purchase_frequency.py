"""Purchase frequency."""

from rapport.engine.metrics.aggregates import count, distinct
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.sales import SALES
from rapport.engine.metrics.shapes import ROLLING_RATIO
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
)
