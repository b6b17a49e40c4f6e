"""What campaigns returned on what they cost."""

from typing import Any

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.campaigns import CAMPAIGN_RETURNS
from rapport.engine.metrics.shapes import COHORT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_RETURNS: dict[str, Any] = {
    "room": "marketing",
    **COHORT_RATIO,
    "time_field": "campaign.started_at",
    "higher_is_better": True,
    "relation": CAMPAIGN_RETURNS,
    "amount_where": (),
}
_COST = "cost = costs that name the campaign, else its actual cost"
_NOT_WHEN = (
    "Costs do not name their campaign, or lie at a parent campaign. Campaigns without a cost are left out and counted; "
    "a budget never stands in for a cost."
)

CAMPAIGN_ROI = MetricSpec(
    id="campaign_roi",
    name="Campaign ROI",
    sentence="What campaigns begun in the period brought beyond their cost, as a share of the cost.",
    formula=f"(credited revenue of their life so far - cost) / cost; {_COST}",
    unit=Unit.RATE,
    source="Own; revenue as in `campaign_revenue`.",
    how_to_read="0 % pays back the cost. Immature until campaigns have ended and 30 days have passed.",
    not_when=f"{_NOT_WHEN} Revenue is not profit: see `campaign_roi_margin`.",
    figure=Ratio(total("gain", "has_cost"), total("cost", "has_cost")),
    variants=("campaign_roi_margin", "roas"),
    **_RETURNS,
)

CAMPAIGN_ROI_MARGIN = MetricSpec(
    id="campaign_roi_margin",
    name="Campaign ROI by margin",
    sentence="What is kept of the revenue of campaigns begun in the period beyond their cost, as a share of the cost.",
    formula=f"(credited revenue x margin share - cost) / cost; share = margins / amounts of orders with one; {_COST}",
    unit=Unit.RATE,
    source="Own. Orders without a margin take that of the setting `gross_margin_percent`.",
    how_to_read="Above 0 % the campaigns earned more than they cost.",
    not_when=f"{_NOT_WHEN} Campaigns sell goods of a margin unlike the rest.",
    figure=Ratio(total("margin_gain", "has_cost"), total("cost", "has_cost")),
    variants=("campaign_roi", "roas"),
    **_RETURNS,
)

ROAS = MetricSpec(
    id="roas",
    name="Return on ad spend",
    sentence="Revenue credited to the campaigns begun in the period for each unit of their cost.",
    formula=f"credited revenue of their life so far / cost; {_COST}",
    unit=Unit.PER,
    source="Snowplow, ROAS; revenue as in `campaign_revenue`.",
    how_to_read="4 means four back for each one spent; 1 is revenue equal to the cost.",
    not_when=_NOT_WHEN,
    figure=Ratio(total("revenue", "has_cost"), total("cost", "has_cost")),
    variants=("campaign_roi",),
    **_RETURNS,
)
