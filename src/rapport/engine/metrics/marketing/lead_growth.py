"""How leads grow, and how customers follow them."""

from rapport.engine.metrics.customers.new_customers import NEW_CUSTOMERS
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.sales.leads import LEADS
from rapport.engine.metrics.shapes import DERIVED_RATIO
from rapport.engine.metrics.spec import Unit

LEAD_VELOCITY = DerivedMetric(
    id="lead_velocity",
    name="Lead velocity",
    room="marketing",
    sentence="By how much the leads of the period exceed those of the period before.",
    formula="(leads of the period - leads of the period before) / leads of the period before",
    **DERIVED_RATIO,
    time_field="as for leads",
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; lead velocity rate, over all leads.",
    how_to_read="Today's leads are the sales of the months to come. Compare whole months.",
    not_when="The period is not over, or months differ by season.",
    parts={"leads": Part(LEADS), "before": Part(LEADS, before=True)},
    numerator=lambda v: v["leads"] - v["before"],
    denominator=lambda v: v["before"],
    variants=("leads",),
)

LEAD_TO_CUSTOMER_RATE_EVENT = DerivedMetric(
    id="lead_to_customer_rate_event",
    name="New customers per lead",
    room="marketing",
    sentence="New customers of the period for each lead of the same period.",
    formula="new customers of the period / leads of the period, whoever they are",
    **DERIVED_RATIO,
    time_field="customer since; as for leads",
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; the event reading of the lead to customer rate.",
    how_to_read="Known at once, but of different people: growing leads push it down before they buy.",
    not_when="Leads grow or shrink: then read the lead to customer rate, which follows the same people.",
    parts={"customers": Part(NEW_CUSTOMERS), "leads": Part(LEADS)},
    numerator=lambda v: v["customers"],
    denominator=lambda v: v["leads"],
    variants=("lead_to_customer_rate",),
)
