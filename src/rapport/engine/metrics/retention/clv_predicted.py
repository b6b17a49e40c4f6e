"""Customer lifetime value: what customers are expected to bring, and what they brought."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.figures import Amount, Mean
from rapport.engine.metrics.relations.valued_customers import VALUED_CUSTOMERS
from rapport.engine.metrics.shapes import STANDING_AVERAGE
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit

_SOURCE = (
    "Fader, Hardie & Lee 2005, Marketing Science 24(2) and JMR 42(4): BG/NBD x Gamma-Gamma; of customers with a "
    "running contract its survival (Fader & Hardie 2007, beta-discrete-Weibull) x monthly amount. Settings: "
    "`lifetime_model` (bg_nbd, mbg_nbd, pareto_nbd), `clv_months` (12), `clv_discount_percent` (1 a month), "
    "`gross_margin_percent`."
)
_AHEAD = "12 months ahead, 1 % discount a month, unless set otherwise; fitted on what had happened by the period's end"
_VARIANTS = ("clv_predicted", "clv_predicted_revenue", "customer_equity", "clv_historic", "clv_historic_revenue")
_NOT_WHEN = "Purchases come at fixed times, strong seasons, or prices have changed: the models know none of these."

CLV_PREDICTED = MetricSpec(
    id="clv_predicted",
    name="Customer lifetime value",
    room="retention",
    sentence="Margin that a customer is expected to bring in the next twelve months, discounted, on average.",
    formula="mean over customers of the sum over months m of E[purchases in m] x E[margin of one] / (1 + d) ^ m",
    kind=Kind.MODEL,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_WITHOUT_ROWS,
    time_field=f"end of the period; {_AHEAD}",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Everybody who ever bought is in it, each by the chance of still being a customer. Margin is the "
    "expected amount times the share kept, told by the orders' margins; where none is known it is revenue, marked so.",
    not_when=_NOT_WHEN,
    relation=VALUED_CUSTOMERS,
    figure=Mean("clv", ("valued",)),
    assumed_where=("valued",),
    variants=tuple(v for v in _VARIANTS if v != "clv_predicted"),
)

CLV_PREDICTED_REVENUE = MetricSpec(
    id="clv_predicted_revenue",
    name="Customer lifetime value, revenue",
    room="retention",
    sentence="Revenue that a customer is expected to bring in the next twelve months, discounted, on average.",
    formula="mean over customers of the sum over months m of E[purchases in m] x E[amount of one] / (1 + d) ^ m",
    kind=Kind.MODEL,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.NULL_WITHOUT_ROWS,
    time_field=f"end of the period; {_AHEAD}",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Before costs: do not weigh it against the cost of winning a customer.",
    not_when=_NOT_WHEN,
    relation=VALUED_CUSTOMERS,
    figure=Mean("clv_revenue", ("valued",)),
    variants=tuple(v for v in _VARIANTS if v != "clv_predicted_revenue"),
)

CUSTOMER_EQUITY = MetricSpec(
    id="customer_equity",
    name="Customer equity",
    room="retention",
    sentence="Margin that all customers together are expected to bring in the next twelve months, discounted.",
    formula="sum over customers of the predicted lifetime value",
    kind=Kind.MODEL,
    time_basis=TimeBasis.SNAPSHOT,
    additivity=Additivity.SEMI_ADDITIVE,
    null_policy=NullPolicy.ZERO,
    time_field=f"end of the period; {_AHEAD}",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source=f"Gupta, Lehmann & Stuart 2004; customers still to be won are not in it. {_SOURCE}",
    how_to_read="What the customer base is worth over the horizon. Customers who are likely gone add little.",
    not_when=_NOT_WHEN,
    relation=VALUED_CUSTOMERS,
    figure=Amount(total("clv", "valued")),
    assumed_where=("valued",),
    variants=tuple(v for v in _VARIANTS if v != "customer_equity"),
)

CLV_HISTORIC = MetricSpec(
    id="clv_historic",
    name="Customer lifetime value to date",
    room="retention",
    sentence="Margin that customers brought up to the period's end, on average.",
    formula="mean over customers with a known margin of the margins of their orders, refunds taken off",
    **STANDING_AVERAGE,
    time_field="order.ordered_at, refund.refunded_at, up to the end of the period",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own. Setting `gross_margin_percent`: what is kept of orders that tell no margin.",
    how_to_read="It looks back: old customers have had more time. Compare customers of one age.",
    not_when="You want to know what they will bring.",
    relation=VALUED_CUSTOMERS,
    figure=Mean("margin_to_date", ("has_margin",)),
    variants=tuple(v for v in _VARIANTS if v != "clv_historic"),
)

CLV_HISTORIC_REVENUE = MetricSpec(
    id="clv_historic_revenue",
    name="Customer revenue to date",
    room="retention",
    sentence="Revenue that customers brought up to the period's end, on average.",
    formula="mean over customers of the amounts of their orders (won deals where there are no orders), less refunds",
    **STANDING_AVERAGE,
    time_field="order.ordered_at, refund.refunded_at, up to the end of the period",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own. Fees of contracts count where they are told as orders.",
    how_to_read="It only grows, with the age of the customers.",
    not_when="You want to know what they will bring.",
    relation=VALUED_CUSTOMERS,
    figure=Mean("revenue_to_date", ("bought",)),
    variants=tuple(v for v in _VARIANTS if v != "clv_historic_revenue"),
)
