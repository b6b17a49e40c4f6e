"""Recurring revenue lost, and recurring revenue kept."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.recurring import RECURRING_CHANGES, RECURRING_CHANGES_YEAR, RECURRING_YEAR
from rapport.engine.metrics.shapes import EVENT_RATIO, ROLLING_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_AMOUNT = ("contracts.monthly_amount",)
_OPENING = total("opening_amount")
_CONSTANT = "Rates of the start hold throughout, so that a currency is never taken for churn."
_RATES = ("revenue_churn_rate", "revenue_churn_rate_net", "revenue_churn_rate_lost_customers")
_KEPT = ("grr", "nrr", "grr_from_movements")

REVENUE_CHURN_RATE = MetricSpec(
    id="revenue_churn_rate",
    name="Revenue churn rate",
    room="retention",
    sentence="Recurring revenue lost in the period to customers who left or pay less, by that of its start.",
    formula="(churned MRR + contraction MRR) / MRR at the start",
    **EVENT_RATIO,
    time_field="movements of the months of the period",
    unit=Unit.RATE,
    higher_is_better=False,
    source=f"Gross MRR churn rate as ChartMogul prints it. {_CONSTANT}",
    how_to_read="MRR 100, 10 lost, 10 less, 10 more: 20 %. What is won elsewhere does not mend it.",
    not_when="The period is long: what was won in it and lost again counts above the line but not below it.",
    relation=RECURRING_CHANGES,
    figure=Ratio(total("lost_amount"), _OPENING),
    needs=_AMOUNT,
    amount_where=(),
    variants=tuple(r for r in _RATES if r != "revenue_churn_rate"),
)

REVENUE_CHURN_RATE_NET = MetricSpec(
    id="revenue_churn_rate_net",
    name="Net revenue churn rate",
    room="retention",
    sentence="Recurring revenue lost in the period less that won back and sold on top, by that of its start.",
    formula="(churned MRR + contraction MRR - expansion MRR - reactivation MRR) / MRR at the start",
    **EVENT_RATIO,
    time_field="movements of the months of the period",
    unit=Unit.RATE,
    higher_is_better=False,
    source=f"Net MRR churn rate, ChartMogul's Standard formula. {_CONSTANT}",
    how_to_read="Below 0: customers who are there bring more than those who leave take along.",
    not_when="You want to know how many leave: expansion of a few hides it.",
    relation=RECURRING_CHANGES,
    figure=Ratio(total("net_lost_amount"), _OPENING),
    needs=_AMOUNT,
    amount_where=(),
    variants=tuple(r for r in _RATES if r != "revenue_churn_rate_net"),
)

REVENUE_CHURN_RATE_LOST_CUSTOMERS = MetricSpec(
    id="revenue_churn_rate_lost_customers",
    name="Revenue churn rate, customers lost only",
    room="retention",
    sentence="Recurring revenue of customers who left in the period, by that of its start.",
    formula="churned MRR / MRR at the start",
    **EVENT_RATIO,
    time_field="movements of the months of the period",
    unit=Unit.RATE,
    higher_is_better=False,
    source=f"Own. {_CONSTANT}",
    how_to_read="The part of revenue churn that is customers, not seats or plans.",
    not_when="Customers shrink before they leave.",
    relation=RECURRING_CHANGES,
    figure=Ratio(total("churn_amount"), _OPENING),
    needs=_AMOUNT,
    amount_where=(),
    variants=tuple(r for r in _RATES if r != "revenue_churn_rate_lost_customers"),
)

GRR = MetricSpec(
    id="grr",
    name="Gross revenue retention",
    room="retention",
    sentence="Share of the recurring revenue of twelve months ago that the same customers still pay.",
    formula="sum over customers of min(MRR now, MRR twelve months before) / MRR twelve months before",
    **ROLLING_RATIO,
    rolling_days=365,
    time_field="levels at the end of the period and twelve months before",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=f"Baremetrics; GP Bullhound, CFO handbook. By customer, so it cannot exceed 100 %. {_CONSTANT}",
    how_to_read="How leaky the bucket is. New customers are not in it; who left and came back counts up to then.",
    not_when="Contracts of the time twelve months ago are not told.",
    relation=RECURRING_YEAR,
    figure=Ratio(total("kept_amount", "was_paying"), total("start_amount", "was_paying")),
    needs=_AMOUNT,
    amount_where=(),
    variants=tuple(k for k in _KEPT if k != "grr"),
)

NRR = MetricSpec(
    id="nrr",
    name="Net revenue retention",
    room="retention",
    sentence="What the customers of twelve months ago pay now, by what they paid then.",
    formula="MRR now of customers who paid twelve months before / their MRR then",
    **ROLLING_RATIO,
    rolling_days=365,
    time_field="levels at the end of the period and twelve months before",
    unit=Unit.RATE,
    higher_is_better=True,
    source=f"Baremetrics; ChartMogul counts reactivation too. Agreed price rises are in it. {_CONSTANT}",
    how_to_read="Above 100 %: it grows without a new customer.",
    not_when="Prices rose by contract: those rises are in it.",
    relation=RECURRING_YEAR,
    figure=Ratio(total("end_amount", "was_paying"), total("start_amount", "was_paying")),
    needs=_AMOUNT,
    amount_where=(),
    variants=tuple(k for k in _KEPT if k != "nrr"),
)

GRR_FROM_MOVEMENTS = MetricSpec(
    id="grr_from_movements",
    name="Gross revenue retention, from movements",
    room="retention",
    sentence="Recurring revenue of twelve months ago less all churn and contraction since, by that revenue.",
    formula="(MRR twelve months before - contraction - churn of twelve months) / MRR twelve months before",
    **ROLLING_RATIO,
    rolling_days=365,
    time_field="movements of the twelve months before the end",
    unit=Unit.RATE,
    higher_is_better=True,
    source=f"The reading of tools that only keep movements. {_CONSTANT}",
    how_to_read="Lower than gross revenue retention where customers shrink and grow again, or new ones leave soon.",
    not_when="New customers come and go within the year: their churn is in it. It can then fall below 0.",
    relation=RECURRING_CHANGES_YEAR,
    figure=Ratio(total("not_lost_amount"), _OPENING),
    needs=_AMOUNT,
    amount_where=(),
    variants=tuple(k for k in _KEPT if k != "grr_from_movements"),
)
