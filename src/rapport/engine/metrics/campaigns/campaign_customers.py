"""New customers that campaigns brought."""

from rapport.engine.metrics.aggregates import count, distinct
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.gained_by_campaign import GAINED_BY_CAMPAIGN, INFLUENCED_CUSTOMERS
from rapport.engine.metrics.shapes import EVENT_DISTINCT, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_SINCE = "customer since: first order not refunded in full, won deal or start of a contract"

CAMPAIGN_NEW_CUSTOMERS = MetricSpec(
    id="campaign_new_customers",
    name="New customers by campaigns",
    room="marketing",
    sentence="New customers of the period for whose first purchase a campaign gets the credit.",
    formula="count of new customers whose first purchase is credited to a campaign: last touch in the 30 days before",
    **EVENT_TOTAL,
    time_field=_SINCE,
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Last non-direct touch; look-back 30 days: setting `attribution_look_back_days`.",
    how_to_read="The denominator is all new customers. By campaign the group `unattributed` holds those without one.",
    not_when="Credit is not cause. Who comes back after years is not new.",
    relation=GAINED_BY_CAMPAIGN,
    figure=Amount(count("credited"), whole=count()),
    unattributed_by="campaign",
    variants=("campaign_influenced_customers", "new_customers", "paid_customers"),
)

CAMPAIGN_INFLUENCED_CUSTOMERS = MetricSpec(
    id="campaign_influenced_customers",
    name="New customers influenced by campaigns",
    room="marketing",
    sentence="New customers of the period whom at least one campaign touched before the first purchase.",
    formula="distinct new customers with a touch of a campaign in the 30 days before their first purchase",
    **EVENT_DISTINCT,
    time_field=_SINCE,
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Salesforce, campaign influence; look-back 30 days: setting `attribution_look_back_days`.",
    how_to_read="Each campaign counts everybody it touched: campaigns cannot be added.",
    not_when="Mails go to everybody: then every campaign influenced every customer.",
    relation=INFLUENCED_CUSTOMERS,
    figure=Amount(distinct("customer_id", "influenced"), whole=distinct("customer_id")),
    variants=("campaign_new_customers",),
)
