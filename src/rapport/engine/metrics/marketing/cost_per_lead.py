"""What a lead costs."""

from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.marketing.costs import MARKETING_COST
from rapport.engine.metrics.sales.leads import LEADS, MQLS, SQLS
from rapport.engine.metrics.shapes import DERIVED_RATIO
from rapport.engine.metrics.spec import Unit

_TIME = "cost.period_start to cost.period_end; entry into the stage"
_NOT_WHEN = "Leads qualify long after the money was spent, or not all costs of marketing are recorded."
_VARIANTS = ("cpl", "cost_per_qualified_lead", "cost_per_sql")

CPL = DerivedMetric(
    id="cpl",
    name="Cost per lead",
    room="marketing",
    sentence="What marketing cost for each new lead of the period.",
    formula="costs of marketing and media for the days of the period / leads of the period",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own; costs on the days of the service.",
    how_to_read="Cheap leads may be bad ones: read it beside the cost per qualified lead.",
    not_when=_NOT_WHEN,
    parts={"cost": Part(MARKETING_COST), "leads": Part(LEADS)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["leads"],
    variants=_VARIANTS[1:],
)

COST_PER_QUALIFIED_LEAD = DerivedMetric(
    id="cost_per_qualified_lead",
    name="Cost per qualified lead",
    room="marketing",
    sentence="What marketing cost for each lead that became marketing-qualified in the period.",
    formula="costs of marketing and media for the days of the period / marketing-qualified leads of the period",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own; costs on the days of the service.",
    how_to_read="What it takes to hand a lead to sales.",
    not_when=_NOT_WHEN,
    parts={"cost": Part(MARKETING_COST), "leads": Part(MQLS)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["leads"],
    variants=("cpl", "cost_per_sql"),
)

COST_PER_SQL = DerivedMetric(
    id="cost_per_sql",
    name="Cost per sales-qualified lead",
    room="marketing",
    sentence="What marketing cost for each lead that became sales-qualified in the period.",
    formula="costs of marketing and media for the days of the period / sales-qualified leads of the period",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own; costs on the days of the service.",
    how_to_read="What it takes to make a lead that sales accepts.",
    not_when=_NOT_WHEN,
    parts={"cost": Part(MARKETING_COST), "leads": Part(SQLS)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["leads"],
    variants=("cpl", "cost_per_qualified_lead"),
)
