"""Customer acquisition cost."""

from rapport.engine.metrics.customers.new_customers import NEW_CUSTOMERS
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.marketing.costs import (
    ACQUISITION_COST,
    ACQUISITION_COST_LAGGED,
    MARKETING_COST,
    MEDIA_COST,
)
from rapport.engine.metrics.marketing.paid_customers import PAID_CUSTOMERS
from rapport.engine.metrics.shapes import DERIVED_RATIO
from rapport.engine.metrics.spec import Unit

_TIME = "cost.period_start to cost.period_end; customer since"
_VARIANTS = ("cac", "cac_marketing", "cac_paid", "cac_lagged")
_NOT_WHEN = "Sales take months: the costs of one period then win the customers of another (see cac_lagged)."


def _others(own: str) -> tuple[str, ...]:
    return tuple(name for name in _VARIANTS if name != own)


CAC = DerivedMetric(
    id="cac",
    name="Customer acquisition cost",
    room="marketing",
    sentence="What sales and marketing cost for each new customer of the period.",
    formula="costs of sales, marketing and media for the days of the period / new customers of the period",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Common definition, fully loaded; costs and customers of the same period.",
    how_to_read="Against what a customer is worth. Without a value where costs are not told for the whole period.",
    not_when=_NOT_WHEN,
    parts={"cost": Part(ACQUISITION_COST), "customers": Part(NEW_CUSTOMERS)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["customers"],
    variants=_others("cac"),
)

CAC_MARKETING = DerivedMetric(
    id="cac_marketing",
    name="Customer acquisition cost, marketing only",
    room="marketing",
    sentence="What marketing and media cost for each new customer of the period.",
    formula="costs of marketing and media for the days of the period / new customers of the period",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own.",
    how_to_read="Always below the full cost: it leaves out those who sell.",
    not_when="You compare it with what others publish, which mostly is fully loaded.",
    parts={"cost": Part(MARKETING_COST), "customers": Part(NEW_CUSTOMERS)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["customers"],
    variants=_others("cac_marketing"),
)

CAC_PAID = DerivedMetric(
    id="cac_paid",
    name="Customer acquisition cost, paid media",
    room="marketing",
    sentence="What media cost for each new customer whose first purchase a paid campaign gets the credit for.",
    formula="costs of media for the days of the period / new customers credited to campaigns with media costs",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own; credit goes to the last campaign that touched the customer (as campaign revenue).",
    how_to_read="Whether advertising pays. Higher than the marketing cost per customer where most come by themselves.",
    not_when="Media costs do not name their campaign, or touches are not recorded.",
    parts={"cost": Part(MEDIA_COST), "customers": Part(PAID_CUSTOMERS)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["customers"],
    variants=_others("cac_paid"),
)

CAC_LAGGED = DerivedMetric(
    id="cac_lagged",
    name="Customer acquisition cost, lagged",
    room="marketing",
    sentence="What sales and marketing cost a median sales cycle earlier, for each new customer of the period.",
    formula="acquisition cost of the days a median sales cycle before the period / new customers of the period",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own.",
    how_to_read="The fairer number while costs grow: what is spent today wins the customers of the months to come.",
    not_when="Sales cycles differ widely, or few deals tell how long they are.",
    parts={"cost": Part(ACQUISITION_COST_LAGGED), "customers": Part(NEW_CUSTOMERS)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["customers"],
    variants=_others("cac_lagged"),
)
