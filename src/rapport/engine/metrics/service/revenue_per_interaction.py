"""What service sells on the side."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.service_orders import SERVICE_INTERACTIONS
from rapport.engine.metrics.shapes import COHORT_RATIO
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
    variants=(),
)
