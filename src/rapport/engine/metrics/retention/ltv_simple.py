"""The simple lifetime value."""

from __future__ import annotations

from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.retention.logo_churn_rate import LOGO_CHURN_RATE_YEAR, monthly
from rapport.engine.metrics.retention.mrr import ARPA_MARGIN
from rapport.engine.metrics.shapes import DERIVED_RATIO
from rapport.engine.metrics.spec import Unit

LTV_SIMPLE = DerivedMetric(
    id="ltv_simple",
    name="Lifetime value, simple",
    room="retention",
    sentence="Monthly margin of a customer under contract, divided by the monthly churn rate.",
    formula="ARPA x share kept / (1 - (1 - churn of twelve months) ^ (1/12))",
    **DERIVED_RATIO,
    time_field="as of the end of the period; churn of the twelve months before",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="The formula in common use. Undefined where nobody left. Churn is that of all customers.",
    how_to_read="What a customer leaves over until they go, if all leave at one rate for ever; nothing is discounted.",
    not_when="New customers leave faster than old ones, as they mostly do: the predicted lifetime value knows that.",
    parts={"margin": Part(ARPA_MARGIN), "churn": Part(LOGO_CHURN_RATE_YEAR)},
    numerator=lambda v: v["margin"],
    denominator=lambda v: monthly(v["churn"]),
    variants=("clv_predicted", "arpa_margin"),
)
