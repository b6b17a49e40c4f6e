"""What service sells on the side."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.service_orders import SERVED_CUSTOMERS, SERVICE_INTERACTIONS
from rapport.engine.metrics.shapes import COHORT_RATIO, EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

REVENUE_PER_SERVICE_INTERACTION = MetricSpec(
    id="revenue_per_service_interaction",
    name="Revenue per service interaction",
    room="service",
    sentence="Net revenue that followed interactions with service of the period within 7 days, per interaction.",
    formula="sum of orders less refunds claimed by the customer's last interaction within 7 days before / interactions",
    **COHORT_RATIO,
    time_field="interaction.occurred_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own. An order is claimed once, by the last interaction before it.",
    how_to_read="What followed, not what was caused: customers who call would have bought, too. By agent or channel.",
    not_when="Customers call about orders they are just making.",
    relation=SERVICE_INTERACTIONS,
    figure=Ratio(total("amount"), count()),
    amount_where=(),
    variants=("revenue_of_served_customers_per_interaction",),
)

REVENUE_OF_SERVED_CUSTOMERS_PER_INTERACTION = MetricSpec(
    id="revenue_of_served_customers_per_interaction",
    name="Revenue of served customers per interaction",
    room="service",
    sentence="Net revenue of the period of all customers who had to do with service in it, per interaction.",
    formula="sum of orders less refunds of customers with an interaction in the period / interactions of the period",
    **EVENT_RATIO,
    time_field="interaction.occurred_at, order.ordered_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own; a weak reading, as nothing links the revenue to the interaction.",
    how_to_read="How much business hangs on those who are served. Each customer's revenue stands with their first.",
    not_when="It is taken as what service sold: whoever buys more calls more.",
    relation=SERVED_CUSTOMERS,
    figure=Ratio(total("amount"), count()),
    amount_where=(),
    variants=("revenue_per_service_interaction",),
)
