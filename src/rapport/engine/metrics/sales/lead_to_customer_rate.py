"""Lead to customer: how many leads become customers in time."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.lead_cohorts import LEAD_COHORTS
from rapport.engine.metrics.shapes import COHORT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

LEAD_TO_CUSTOMER_RATE = MetricSpec(
    id="lead_to_customer_rate",
    name="Lead to customer rate",
    room="sales",
    sentence="Share of the leads of the period that became customers within 90 days.",
    formula="leads who, or whose account, first bought within 90 days of becoming a lead / leads of the period",
    **COHORT_RATIO,
    time_field="as for leads",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="MetricFlow's conversion metrics (entity and window). Window: setting `lead_window_days`.",
    how_to_read="By source it tells where good leads come from. Immature until 90 days after the period's end.",
    not_when=(
        "Sales take longer than the window. Leads of accounts that were customers already never count as converted. "
        "Where stages were not recorded the day the contact was made stands in (told as assumed)."
    ),
    relation=LEAD_COHORTS,
    figure=Ratio(count("became_customer"), count(), proportion=True),
    assumed_where=(),
    variants=("leads", "win_rate_cohort"),
)
