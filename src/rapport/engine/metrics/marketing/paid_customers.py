"""New customers that paid campaigns brought."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.paid_customers import CREDITED_CUSTOMERS
from rapport.engine.metrics.shapes import EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

PAID_CUSTOMERS = MetricSpec(
    id="paid_customers",
    definition_version=2,
    name="New customers from paid campaigns",
    room="marketing",
    sentence="New customers of the period whose last touch before the first purchase was a campaign with media costs.",
    formula="count of new customers whose credited campaign (last touch within 30 days) has costs of category media",
    **EVENT_TOTAL,
    time_field="customer since: first order not refunded in full, won deal or start of a contract",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; look-back 30 days: setting `attribution_look_back_days`.",
    how_to_read="The denominator of what a paid customer costs.",
    not_when="Media costs do not name their campaign, or touches are not recorded.",
    relation=CREDITED_CUSTOMERS,
    figure=Amount(count("paid")),
    variants=("new_customers",),
)
