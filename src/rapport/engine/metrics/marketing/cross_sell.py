"""Cross-selling: customers who buy of another product family."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.cross_selling import CROSS_SELLING, FAMILY_OWNERS
from rapport.engine.metrics.relations.offers import CROSS_SELL_OFFERS
from rapport.engine.metrics.shapes import COHORT_RATIO, EVENT_RATIO, STANDING_RATIO
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit

_TIME = "order.ordered_at, deal.closed_at, contract.started_at"
_NOT_WHEN = "Products without a family are left out: see how many there are before you trust it."
_FIRST = "existing customers who bought of a product family for the first time, having bought of another before"

CROSS_SELL_RATIO = MetricSpec(
    id="cross_sell_ratio",
    name="Cross-sell ratio",
    room="marketing",
    sentence="Share of the customers at the start of the period who bought of a product family new to them in it.",
    formula=f"{_FIRST} / customers at the start of the period",
    **EVENT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own; no authoritative source. Families: product.family. Customers at the start as for the churn rate.",
    how_to_read="Compare periods of the same length. Orders refunded in full do not count.",
    not_when=_NOT_WHEN + " A customer of whom no family was known before never counts.",
    relation=CROSS_SELLING,
    figure=Ratio(count("cross_sold"), count(), proportion=True),
    variants=("multi_family_share", "cross_sell_revenue", "cross_sell_offer_rate"),
)

CROSS_SELL_REVENUE = MetricSpec(
    id="cross_sell_revenue",
    name="Cross-sell revenue",
    room="marketing",
    sentence="What existing customers paid in the period for product families new to them.",
    formula=f"sum of order lines and won deals of {_FIRST}; less refunds of lines",
    kind=Kind.SIMPLE,
    time_basis=TimeBasis.EVENT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.ZERO,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own. Contracts tell that a family is owned and add no amount; refunds of whole orders are not spread.",
    how_to_read="All that was bought of the new family in the period, not its first purchase alone.",
    not_when=_NOT_WHEN + " Months do not add up: in the month after, the family is no longer new.",
    relation=CROSS_SELLING,
    figure=Amount(total("cross_sell_amount")),
    amount_where=(),
    variants=("cross_sell_ratio", "revenue"),
)

MULTI_FAMILY_SHARE = MetricSpec(
    id="multi_family_share",
    name="Customers with several product families",
    room="marketing",
    sentence="Share of the customers who had bought of at least two product families by the end of the period.",
    formula="customers with purchases of two or more families / customers with a purchase of a known family, ever",
    **STANDING_RATIO,
    time_field=f"{_TIME}, up to the end of the period",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own.",
    how_to_read="How wide the relations are. It moves slowly.",
    not_when=_NOT_WHEN,
    relation=FAMILY_OWNERS,
    figure=Ratio(count("several"), count(), proportion=True),
    variants=("cross_sell_ratio",),
)

CROSS_SELL_OFFER_RATE = MetricSpec(
    id="cross_sell_offer_rate",
    name="Cross-sell offer rate",
    room="marketing",
    sentence="Share of the cross-sell offers sent in the period that were accepted within 90 days.",
    formula="quotes of cross_sell deals accepted within 90 days of the first sending / those sent in the period",
    **COHORT_RATIO,
    time_field="proposal.sent_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own; revisions of a quote are one offer. Window: setting `offer_window_days`.",
    how_to_read="How good the offers are, whatever the number of customers. Immature until 90 days after the period.",
    not_when="Deals do not say that they are cross-selling.",
    relation=CROSS_SELL_OFFERS,
    figure=Ratio(count("accepted"), count(), proportion=True),
    variants=("cross_sell_ratio",),
)
