"""Up-selling: customers who take more, or better, of what they have."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.cross_selling import CROSS_SELLING
from rapport.engine.metrics.relations.offers import UP_SELL_OFFERS
from rapport.engine.metrics.relations.up_selling import UP_SELLING
from rapport.engine.metrics.shapes import COHORT_RATIO, EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "contract values at the start and at the end of the period"

UP_SELL_RATIO = MetricSpec(
    id="up_sell_ratio",
    name="Up-sell ratio",
    room="marketing",
    sentence="Share of the customers at the start of the period whose contracts for a family they had grew by its end.",
    formula=(
        "customers with more units, or a higher monthly amount with another plan or product, of a family under "
        "contract at the start / customers at the start"
    ),
    **EVENT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own. Who rose and fell again within the period did neither.",
    how_to_read="Compare periods of the same length. A higher price for the same plan and units is no up-selling.",
    not_when="Customers have no contracts: then see the readings by tier and by offers.",
    relation=UP_SELLING,
    figure=Ratio(count("up_sold"), count(), proportion=True),
    needs=("contracts.monthly_amount",),
    variants=("up_sell_revenue_rate", "up_sell_ratio_tier", "up_sell_offer_rate"),
)

UP_SELL_REVENUE_RATE = MetricSpec(
    id="up_sell_revenue_rate",
    name="Up-sell revenue rate",
    room="marketing",
    sentence="By how much up-selling raised the recurring amount of the customers at the start of the period.",
    formula="rise of the monthly amounts of up-sold families / monthly amounts at the start of the period",
    **EVENT_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; expansion of families owned already, price increases left out, at the exchange rates of the start.",
    how_to_read="Together with cross-selling it is the expansion of recurring revenue.",
    not_when="Contracts carry no monthly amounts.",
    relation=UP_SELLING,
    figure=Ratio(total("expansion_amount"), total("start_amount")),
    needs=("contracts.monthly_amount",),
    amount_where=(),
    variants=("up_sell_ratio",),
)

UP_SELL_RATIO_TIER = MetricSpec(
    id="up_sell_ratio_tier",
    name="Up-sell ratio, by tier bought",
    room="marketing",
    sentence="Share of the customers at the start of the period who bought a dearer tier of a family they owned in it.",
    formula=(
        "customers who bought a product with a tier and a list price above all they had bought of its family before / "
        "customers at the start of the period"
    ),
    **EVENT_RATIO,
    time_field="order.ordered_at, deal.closed_at, contract.started_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own; the higher tier is the one with the higher list price.",
    how_to_read="For products that are bought and not subscribed to.",
    not_when="List prices changed: an old tier at a new price may then look like a higher one.",
    relation=CROSS_SELLING,
    figure=Ratio(count("upgraded"), count(), proportion=True),
    needs=("products.tier", "products.list_price"),
    variants=("up_sell_ratio",),
)

UP_SELL_OFFER_RATE = MetricSpec(
    id="up_sell_offer_rate",
    name="Up-sell offer rate",
    room="marketing",
    sentence="Share of the up-sell offers sent in the period that were accepted within 90 days.",
    formula="quotes of deals of type up_sell accepted within 90 days of the first sending / those sent in the period",
    **COHORT_RATIO,
    time_field="proposal.sent_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own; revisions of a quote are one offer. Window: setting `offer_window_days`.",
    how_to_read="How good the offers are, whatever the number of customers. Immature until 90 days after the period.",
    not_when="Deals do not say that they are up-selling.",
    relation=UP_SELL_OFFERS,
    figure=Ratio(count("accepted"), count(), proportion=True),
    variants=("up_sell_ratio",),
)
