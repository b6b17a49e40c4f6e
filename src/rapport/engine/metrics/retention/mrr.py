"""Monthly recurring revenue: how much there is, and what moved it."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import distinct, total
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.recurring import RECURRING, RECURRING_CHANGES, RECURRING_MARGIN
from rapport.engine.metrics.shapes import EVENT_DISTINCT, STANDING_RATIO, STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_AMOUNT = ("contracts.monthly_amount",)
_MOVEMENTS = ("new_mrr", "expansion_mrr", "reactivation_mrr", "contraction_mrr", "churned_mrr", "net_new_mrr")
_PLAYBOOK = (
    "Movements per customer and month as in dbt Labs' MRR playbook: exhaustive, and each month of a customer is one. "
    "Rates of the period's start hold throughout, so that a currency is never taken for a movement."
)
_MONTHS = "levels at the ends of months; churn in the month after the last one paid for"

MRR = MetricSpec(
    id="mrr",
    name="Monthly recurring revenue",
    room="retention",
    sentence="What running contracts bring in a month, at the end of the period.",
    formula="sum of the monthly amounts of contracts that run at the end, in base currency at that day's rates",
    **STANDING_TOTAL,
    time_field="contract.started_at, contract.ended_at, as of the end of the period",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own. A term that is over without an end is taken as renewed tacitly; amounts are those of that day.",
    how_to_read="A level, not a sum: never add months up. What moved it: new, expansion, contraction, churn.",
    not_when="Contracts are not told with their ends.",
    relation=RECURRING,
    figure=Amount(total("amount")),
    needs=_AMOUNT,
    amount_where=(),
    variants=("arr", "arpa", *_MOVEMENTS),
)

ARR = MetricSpec(
    id="arr",
    name="Annual recurring revenue",
    room="retention",
    sentence="Twelve times the monthly recurring revenue at the end of the period.",
    formula="12 x MRR",
    **STANDING_TOTAL,
    time_field="as of the end of the period",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="What a year would bring if nothing moved.",
    not_when="Contracts are by the month and many end.",
    relation=RECURRING,
    figure=Amount(total("yearly_amount")),
    needs=_AMOUNT,
    amount_where=(),
    variants=("mrr",),
)

ARPA = MetricSpec(
    id="arpa",
    name="Recurring revenue per customer",
    room="retention",
    sentence="Monthly recurring revenue divided by the customers who pay it, at the end of the period.",
    formula="MRR / customers with a running contract above 0",
    **STANDING_RATIO,
    time_field="as of the end of the period",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own; others say ARPA or ARPU.",
    how_to_read="It rises by expansion, and by small customers leaving: look at churn beside it.",
    not_when="A few large contracts carry the sum.",
    relation=RECURRING,
    figure=Ratio(total("amount"), distinct("customer_id", "paying")),
    needs=_AMOUNT,
    amount_where=(),
    variants=("mrr",),
)

PAYING_CUSTOMERS = MetricSpec(
    id="paying_customers",
    name="Customers with recurring revenue",
    room="retention",
    sentence="Customers with a running contract above 0 at the end of the period.",
    formula="distinct customers with a running contract whose monthly amount is above 0",
    **STANDING_TOTAL,
    time_field="as of the end of the period",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="The number below the line of revenue per customer.",
    not_when="You want buyers without a contract too: see current customers.",
    relation=RECURRING,
    figure=Amount(distinct("customer_id", "paying")),
    needs=_AMOUNT,
    variants=("current_customers",),
)

ARPA_MARGIN = MetricSpec(
    id="arpa_margin",
    name="Recurring margin per customer",
    room="retention",
    sentence="What is left of the monthly recurring revenue of a customer, at the end of the period.",
    formula="MRR x share kept / customers with a running contract above 0",
    **STANDING_RATIO,
    time_field="as of the end of the period",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own. The share kept is set by `gross_margin_percent`, else margin / amount of orders that tell one.",
    how_to_read="With the churn rate it gives the simple lifetime value.",
    not_when="Orders and contracts differ in margin: set it.",
    relation=RECURRING_MARGIN,
    figure=Ratio(total("margin_amount", "has_margin"), distinct("customer_id", "has_margin")),
    needs=_AMOUNT,
    amount_where=(),
    variants=("arpa", "ltv_simple"),
)


def _movement(metric_id: str, name: str, movement: str, sentence: str, *, good: bool) -> MetricSpec:
    return MetricSpec(
        id=metric_id,
        name=name,
        room="retention",
        sentence=sentence,
        formula=f"sum over customers and months of the period of the monthly amount that is {movement}",
        **EVENT_DISTINCT,  # whole months add up, weeks and periods of other exchange rates do not
        time_field=_MONTHS,
        unit=Unit.AMOUNT,
        higher_is_better=good,
        source=_PLAYBOOK,
        how_to_read="MRR at the start + new + reactivation + expansion - contraction - churn = MRR at the end.",
        not_when="Contracts are corrected after the fact: a correction looks like a movement.",
        relation=RECURRING_CHANGES,
        figure=Amount(total(f"{movement}_amount", f"is_{movement}")),
        needs=_AMOUNT,
        amount_where=(),
        variants=tuple(m for m in _MOVEMENTS if m != metric_id),
    )


NEW_MRR = _movement(
    "new_mrr", "New MRR", "new", "Recurring revenue of customers who pay for the first time.", good=True
)
REACTIVATION_MRR = _movement(
    "reactivation_mrr", "Reactivation MRR", "reactivation", "Recurring revenue of customers who pay again.", good=True
)
EXPANSION_MRR = _movement(
    "expansion_mrr",
    "Expansion MRR",
    "expansion",
    "What customers pay more in a month than the month before.",
    good=True,
)
CONTRACTION_MRR = _movement(
    "contraction_mrr",
    "Contraction MRR",
    "contraction",
    "What customers who stay pay less in a month than the month before.",
    good=False,
)
CHURNED_MRR = _movement(
    "churned_mrr", "Churned MRR", "churn", "Recurring revenue of customers who pay no more.", good=False
)
NET_NEW_MRR = MetricSpec(
    id="net_new_mrr",
    name="Net new MRR",
    room="retention",
    sentence="By how much recurring revenue grew over the period.",
    formula="new + reactivation + expansion - contraction - churn",
    **EVENT_DISTINCT,
    time_field=_MONTHS,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source=_PLAYBOOK,
    how_to_read="Below 0 where more was lost than won.",
    not_when="Rates moved: MRR of two days also differs by them, this does not.",
    relation=RECURRING_CHANGES,
    figure=Amount(total("change_amount", "moved")),
    needs=_AMOUNT,
    amount_where=(),
    variants=tuple(m for m in _MOVEMENTS if m != "net_new_mrr"),
)
