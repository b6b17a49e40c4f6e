"""When the cost of a customer has come back, and what a customer is worth against it."""

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.customers.new_customers import NEW_CUSTOMERS
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Amount, Mean, Ratio
from rapport.engine.metrics.marketing.costs import ACQUISITION_COST
from rapport.engine.metrics.relations.margins import MARGINS
from rapport.engine.metrics.relations.new_business import FIRST_CONTRACTS, VALUED_NEW_CUSTOMERS
from rapport.engine.metrics.shapes import DERIVED_RATIO, EVENT_TOTAL, ROLLING_RATIO
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit

_SINCE = "customer since: first order not refunded in full, won deal or start of a contract"
_COSTS = "cost.period_start to cost.period_end; customer since"

NEW_CUSTOMER_MRR = MetricSpec(
    id="new_customer_mrr",
    name="Recurring amount of new customers",
    room="marketing",
    sentence="Monthly amounts with which the new customers of the period began.",
    formula="sum of the monthly amounts, at their start, of contracts begun within 30 days of becoming a customer",
    **EVENT_TOTAL,
    time_field=_SINCE,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="What the acquisition cost of the period buys each month.",
    not_when="Customers begin with a trial and are charged later.",
    relation=FIRST_CONTRACTS,
    figure=Amount(total("amount")),
    amount_where=(),
    variants=("cac_payback_months",),
)

GROSS_MARGIN_RATE = MetricSpec(
    id="gross_margin_rate",
    name="Gross margin rate",
    room="marketing",
    sentence="Share of what was sold in the 365 days before the end of the period that was kept as gross margin.",
    formula="margins of orders not refunded in full / their amounts, over orders whose margin is known",
    **ROLLING_RATIO,
    time_field="order.ordered_at, trailing 365 days",
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own. Setting `gross_margin_percent`: what is kept of orders and contracts that tell no margin.",
    how_to_read="What turns revenue into what can pay for winning customers. Below 0 things are sold at a loss.",
    not_when="Margins are recorded for some products only.",
    relation=MARGINS,
    figure=Ratio(total("margin", "margin_known"), total("amount", "margin_known")),
    rolling_days=365,
)

CAC_PAYBACK_MONTHS = DerivedMetric(
    id="cac_payback_months",
    name="CAC payback",
    room="marketing",
    sentence="Months until the gross margin of the new customers of the period has paid for winning them.",
    formula="acquisition cost / (recurring amount of new customers x gross margin rate)",
    **DERIVED_RATIO,
    time_field=_COSTS,
    unit=Unit.MONTHS,
    higher_is_better=False,
    source="Common definition; the cost per customer over the mean margin per customer, where the number cancels.",
    how_to_read="Until then a new customer costs cash. Without a value where no margin is known, or none above 0.",
    not_when="Customers buy once: there is then no recurring amount.",
    parts={
        "cost": Part(ACQUISITION_COST),
        "recurring": Part(NEW_CUSTOMER_MRR),
        "margin": Part(GROSS_MARGIN_RATE),
    },
    numerator=lambda v: v["cost"],
    denominator=lambda v: max(0.0, v["recurring"] * v["margin"]),
    variants=("cac_payback_months_revenue", "cac"),
)

CAC_PAYBACK_MONTHS_REVENUE = DerivedMetric(
    id="cac_payback_months_revenue",
    name="CAC payback, by revenue",
    room="marketing",
    sentence="Months until the revenue of the new customers of the period is as high as what winning them cost.",
    formula="acquisition cost / recurring amount of new customers; costs of serving them are left out",
    **DERIVED_RATIO,
    time_field=_COSTS,
    unit=Unit.MONTHS,
    higher_is_better=False,
    source="Own; what companies tell who do not publish margins.",
    how_to_read="Always shorter than the payback by margin. Do not compare the two.",
    not_when="You decide what may be spent: revenue does not pay for it, margin does.",
    parts={"cost": Part(ACQUISITION_COST), "recurring": Part(NEW_CUSTOMER_MRR)},
    numerator=lambda v: v["cost"],
    denominator=lambda v: v["recurring"],
    variants=("cac_payback_months",),
)

CLV_NEW_CUSTOMERS = MetricSpec(
    id="clv_new_customers",
    name="Customer lifetime value of new customers",
    room="marketing",
    sentence="Margin that a new customer of the period is expected to bring in the next twelve months, on average.",
    formula="mean of the predicted lifetime value, at the end of the period, over the customers gained in it",
    kind=Kind.MODEL,
    time_basis=TimeBasis.EVENT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_WITHOUT_ROWS,
    time_field=_SINCE,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="As clv_predicted, with its settings; without a value where no margin is known.",
    how_to_read="By source: who brings the customers that stay.",
    not_when="Customers are new: who has bought once tells little, and the group speaks for them.",
    relation=VALUED_NEW_CUSTOMERS,
    figure=Mean("clv", ("valued",)),
    variants=("clv_predicted",),
)

LTV_TO_CAC = DerivedMetric(
    id="ltv_to_cac",
    name="Lifetime value to acquisition cost",
    room="marketing",
    sentence="What the new customers of the period are expected to bring, for each unit spent on winning them.",
    formula="mean lifetime value of the new customers (gross margin, 12 months) / acquisition cost per new customer",
    **DERIVED_RATIO,
    time_field=_COSTS,
    unit=Unit.PER,
    higher_is_better=True,
    source="Common definition; both of the customers gained in the period, in base currency.",
    how_to_read="Below 1 customers cost more than they bring in a year. Rules like 3 to 1 take longer horizons.",
    not_when="The horizon of the value differs from that of those you compare with.",
    parts={"value": Part(CLV_NEW_CUSTOMERS), "cost": Part(ACQUISITION_COST), "customers": Part(NEW_CUSTOMERS)},
    numerator=lambda v: v["value"] * v["customers"],
    denominator=lambda v: v["cost"],
    variants=("cac", "clv_predicted"),
)
