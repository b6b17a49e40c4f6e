"""What it costs to keep a customer."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.customers.retained_customers import RETAINED_CUSTOMERS
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.customer_costs import RETENTION_COSTS
from rapport.engine.metrics.retention.logo_churn_rate import CURRENT_CUSTOMERS
from rapport.engine.metrics.shapes import DERIVED_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

RETENTION_COST = MetricSpec(
    id="retention_cost",
    name="Cost of keeping customers",
    room="retention",
    sentence="Costs of retention and loyalty whose service lies in the period, and the share of service set.",
    formula="sum of costs of category retention and loyalty + share x costs of service, spread evenly over their days",
    **EVENT_TOTAL,
    time_field="cost.period_start, cost.period_end",
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own. Setting `retention_service_percent`: the allocation key of service costs, 0 unless set.",
    how_to_read="A cost of a quarter counts a third in each of its months.",
    not_when="Salaries of customer success are booked as overhead.",
    relation=RETENTION_COSTS,
    figure=Amount(total("amount")),
    amount_where=(),
    assumed_where=(),
    variants=("customer_retention_cost",),
)

CUSTOMER_RETENTION_COST = DerivedMetric(
    id="customer_retention_cost",
    name="Retention cost per customer",
    room="retention",
    sentence="Cost of keeping customers in the period, divided by the customers of its start.",
    formula="cost of keeping customers / current customers at the start of the period",
    **DERIVED_RATIO,
    time_field="cost.period_start, cost.period_end; customers as of the start",
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own. Unknown where no costs of retention are told.",
    how_to_read="Beside the cost of winning a customer: what keeping one costs instead.",
    not_when="The company grows fast: who came within the period is paid for too.",
    parts={"cost": Part(RETENTION_COST), "customers": Part(CURRENT_CUSTOMERS, before=True)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["customers"],
    variants=("retention_cost", "customer_retention_cost_retained"),
)

CUSTOMER_RETENTION_COST_RETAINED = DerivedMetric(
    id="customer_retention_cost_retained",
    name="Retention cost per customer kept",
    room="retention",
    sentence="Cost of keeping customers in the period, divided by the customers of its start who were kept.",
    formula="cost of keeping customers / customers of the start who are customers at the end",
    **DERIVED_RATIO,
    time_field="cost.period_start, cost.period_end; customers of the start and of the end",
    unit=Unit.AMOUNT,
    higher_is_better=False,
    source="Own. Unknown where no costs of retention are told.",
    how_to_read="What one success cost: higher than the cost per customer by those who left all the same.",
    not_when="Most would have stayed anyway: only a held-out group tells what the money did.",
    parts={"cost": Part(RETENTION_COST), "kept": Part(RETAINED_CUSTOMERS)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["kept"],
    variants=("customer_retention_cost",),
)
