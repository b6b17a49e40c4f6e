"""How cohorts of customers are kept, month by month since their first purchase."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.purchase_cohorts import PURCHASE_COHORTS
from rapport.engine.metrics.shapes import COHORT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "first purchase: order.ordered_at, deal.closed_at"

COHORT_RETENTION_RATE = MetricSpec(
    id="cohort_retention_rate",
    name="Cohort retention",
    room="retention",
    sentence="Of customers whose first purchase is in the period, the share who bought in a given month since.",
    formula="customers who bought in the n-th calendar month after that of the first purchase / the cohort",
    **COHORT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="The classic retention curve. Setting `cohort_months` (12): how far it goes.",
    how_to_read="Split it by months since the first purchase: month 0 is 100 %. Unsplit it is the mean of all.",
    not_when="The month is not over: it is marked immature.",
    relation=PURCHASE_COHORTS,
    figure=Ratio(count("bought_then"), count(), proportion=True),
    variants=("cohort_retention_rate_rolling", "retention_rate"),
)

COHORT_RETENTION_RATE_ROLLING = MetricSpec(
    id="cohort_retention_rate_rolling",
    name="Cohort retention, rolling",
    room="retention",
    sentence="Of customers whose first purchase lies in the period, the share who bought in a given month or later.",
    formula="customers who bought in the n-th calendar month after that of the first purchase, or later / the cohort",
    **COHORT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="The rolling retention curve: it only falls.",
    how_to_read="Who skips a month and comes back is kept. The newest months rise as time passes.",
    not_when="Cohorts of different age are compared: an older one has had more time to come back.",
    relation=PURCHASE_COHORTS,
    figure=Ratio(count("bought_since"), count(), proportion=True),
    variants=("cohort_retention_rate",),
)
