"""What campaigns brought: purchases and revenue with a campaign's credit."""

from dataclasses import replace

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.attribution.models import MODELS
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.conversions import (
    CONVERSIONS,
    CONVERSIONS_7_DAYS,
    CONVERSIONS_90_DAYS,
    PRIMARY_CONVERSIONS,
)
from rapport.engine.metrics.shapes import EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "order.ordered_at, refund.refunded_at, deal.closed_at"
_READ = (
    "The denominator is what was sold in all, so that the difference is without a campaign. "
    "By campaign the group `unattributed` holds that rest, and the groups add up to everything."
)
_NOT_WHEN = (
    "Credit is not cause: who would have bought anyway counts too. Only a holdout tells what a campaign added. "
    "Touches that were not recorded get no credit."
)
_WINDOWS = ("campaign_purchases_7_days", "campaign_purchases_90_days")
_MODEL = "last campaign touch (sent, response, interaction) of the customer in the 30 days before the purchase"

CAMPAIGN_REVENUE = MetricSpec(
    id="campaign_revenue",
    definition_version=2,
    name="Campaign revenue",
    room="marketing",
    sentence="Net revenue of the period for which a campaign gets the credit.",
    formula=f"sum of net amounts of purchases whose credit goes to a campaign: {_MODEL}; refunds take the credit back",
    **EVENT_TOTAL,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Last non-direct touch, as in web analytics; look-back 30 days: setting `attribution_look_back_days`.",
    how_to_read=_READ,
    not_when=_NOT_WHEN,
    relation=CONVERSIONS,
    figure=Amount(total("amount", "credited"), whole=total("amount")),
    amount_where=(),
    unattributed_by="campaign",
    variants=("campaign_revenue_primary", "campaign_purchases", *(f"campaign_revenue_{m.id}" for m in MODELS)),
)

CAMPAIGN_PURCHASES = MetricSpec(
    id="campaign_purchases",
    definition_version=2,
    name="Campaign purchases",
    room="marketing",
    sentence="Orders and won deals of the period for which a campaign gets the credit.",
    formula=f"count of orders and won deals whose credit goes to a campaign: {_MODEL}",
    **EVENT_TOTAL,
    time_field="order.ordered_at, deal.closed_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Last non-direct touch, as in web analytics.",
    how_to_read=_READ,
    not_when=_NOT_WHEN,
    relation=CONVERSIONS,
    figure=Amount(count("is_conversion", "credited"), whole=count("is_conversion")),
    unattributed_by="campaign",
    variants=("campaign_revenue", *_WINDOWS, *(f"campaign_purchases_{m.id}" for m in MODELS)),
)
CAMPAIGN_PURCHASES_7_DAYS, CAMPAIGN_PURCHASES_90_DAYS = (
    replace(
        CAMPAIGN_PURCHASES,
        id=f"campaign_purchases_{days}_days",
        name=f"Campaign purchases within {days} days",
        formula=CAMPAIGN_PURCHASES.formula.replace("30 days", f"{days} days"),
        relation=relation,
        variants=("campaign_purchases",),
    )
    for days, relation in ((7, CONVERSIONS_7_DAYS), (90, CONVERSIONS_90_DAYS))
)

CAMPAIGN_REVENUE_PRIMARY = MetricSpec(
    id="campaign_revenue_primary",
    name="Campaign revenue, primary campaign",
    room="marketing",
    sentence="Net revenue of the period of orders and deals that name a campaign themselves.",
    formula="sum of net amounts of orders and won deals with a campaign_id, all to that campaign",
    **EVENT_TOTAL,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Salesforce Campaign.AmountWonOpportunities (primary campaign source).",
    how_to_read=_READ,
    not_when="Few orders or deals name their campaign.",
    relation=PRIMARY_CONVERSIONS,
    figure=Amount(total("amount", "named"), whole=total("amount")),
    amount_where=(),
    unattributed_by="campaign",
    variants=("campaign_revenue",),
)
