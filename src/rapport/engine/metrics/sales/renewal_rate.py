"""Renewals: of the contracts whose term ended, how many went on, and how much of their value."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.renewals import TERMS_OVER
from rapport.engine.metrics.shapes import COHORT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_SOURCE = "Own; value as `renewal_amount = least(mrr, previous_mrr)` of dbt Labs' mrr-playbook."
_NOT_WHEN = (
    "Terms are not kept (term_end_at). A contract that nobody ended counts as renewed by itself once the grace is "
    "over: where ends are not recorded the rate is too high."
)

RENEWAL_RATE = MetricSpec(
    id="renewal_rate",
    name="Renewal rate",
    room="sales",
    sentence="Share of the contracts whose term ended in the period that were renewed.",
    formula=(
        "contracts followed by another one at most 30 days after the end, or running on / contracts with term_end_at "
        "in the period; an early renewal counts for the original end"
    ),
    **COHORT_RATIO,
    time_field="contract.term_end_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Immature until the grace (setting `contract_grace_days`) is over: those pending count as not renewed.",
    not_when=_NOT_WHEN,
    relation=TERMS_OVER,
    figure=Ratio(count("renewed"), count(), proportion=True),
    variants=("renewal_rate_value", "retention_rate"),
)

RENEWAL_RATE_VALUE = MetricSpec(
    id="renewal_rate_value",
    name="Renewal rate by value",
    room="sales",
    sentence="Share of the monthly value of the contracts whose term ended in the period that was renewed.",
    formula="sum of min(new, old monthly amount) of renewed contracts / sum of old monthly amounts",
    **COHORT_RATIO,
    time_field="contract.term_end_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Below the renewal rate: large customers leave, or renew for less. What they add is not in it.",
    not_when=_NOT_WHEN,
    relation=TERMS_OVER,
    figure=Ratio(total("kept_amount"), total("amount")),
    needs=("contracts.monthly_amount",),
    amount_where=(),
    variants=("renewal_rate",),
)
