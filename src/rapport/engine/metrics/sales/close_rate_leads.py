"""Deals won for each lead."""

from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.sales.deals_won import DEALS_WON
from rapport.engine.metrics.sales.leads import LEADS
from rapport.engine.metrics.shapes import DERIVED_RATIO
from rapport.engine.metrics.spec import Unit

CLOSE_RATE_LEADS = DerivedMetric(
    id="close_rate_leads",
    name="Close rate of leads",
    room="sales",
    sentence="Deals won in the period for each lead of the period.",
    formula="deals won / leads, both of the period",
    **DERIVED_RATIO,
    time_field="deal.closed_at and the lead's entry",
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own. The deals won are not those of the period's leads: lead_to_customer_rate follows each lead.",
    how_to_read="Quick to tell, and steady where leads come evenly.",
    not_when="Leads grow or shrink: the wins are those of earlier leads. It can pass 100 %.",
    parts={"won": Part(DEALS_WON), "leads": Part(LEADS)},
    numerator=lambda v: v["won"],
    denominator=lambda v: v["leads"],
    variants=("win_rate", "lead_to_customer_rate"),
)
