"""Deals won, lost and created, and what they are worth."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Amount, Mean
from rapport.engine.metrics.relations.deals import CLOSED_DEALS, CREATED_DEALS
from rapport.engine.metrics.shapes import EVENT_AVERAGE, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

DEALS_WON = MetricSpec(
    id="deals_won",
    name="Deals won",
    room="sales",
    sentence="Deals won in the period.",
    formula="count of deals whose last close lies in the period and is a win",
    **EVENT_TOTAL,
    time_field="deal.closed_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="Beside the win rate: more deals won from many more tried is not better selling.",
    not_when="Deals are closed in batches at a quarter's end: weeks say little.",
    relation=CLOSED_DEALS,
    figure=Amount(count("won")),
    variants=("deals_lost", "deals_created"),
)

DEALS_LOST = MetricSpec(
    id="deals_lost",
    name="Deals lost",
    room="sales",
    sentence="Deals lost in the period.",
    formula="count of deals whose last close lies in the period and is a loss; duplicate and disqualified left out",
    **EVENT_TOTAL,
    time_field="deal.closed_at",
    unit=Unit.COUNT,
    higher_is_better=False,
    source="Own.",
    how_to_read="By lost_reason: what to mend first.",
    not_when="Nobody closes lost deals.",
    relation=CLOSED_DEALS,
    figure=Amount(count("lost")),
    variants=("deals_won",),
)

DEALS_CREATED = MetricSpec(
    id="deals_created",
    name="Deals created",
    room="sales",
    sentence="Deals created in the period.",
    formula="count of deals by created_at",
    **EVENT_TOTAL,
    time_field="deal.created_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="Tomorrow's wins. A fall shows in revenue one sales cycle later.",
    not_when="Deals are opened for every contact, however faint the interest.",
    relation=CREATED_DEALS,
    figure=Amount(count()),
    variants=("open_deals", "deals_won"),
)

BOOKINGS = MetricSpec(
    id="bookings",
    name="Bookings",
    room="sales",
    sentence="Amount of the deals won in the period.",
    formula="sum of the amounts of won deals, in base currency at the rate of the close date",
    **EVENT_TOTAL,
    time_field="deal.closed_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own; recognised revenue is another matter.",
    how_to_read="What sales brought in, new and old customers together.",
    not_when="Deals without amount are left out and counted beside it.",
    relation=CLOSED_DEALS,
    figure=Amount(total("amount", "won")),
    needs=("deals.amount",),
    amount_where=("won",),
    variants=("new_revenue", "average_deal_size"),
)

AVERAGE_DEAL_SIZE = MetricSpec(
    id="average_deal_size",
    name="Average deal size",
    room="sales",
    sentence="Mean amount of the deals won in the period.",
    formula="sum of the amounts of won deals / won deals with an amount",
    **EVENT_AVERAGE,
    time_field="deal.closed_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="With the number of deals it explains the bookings.",
    not_when="One very large deal moves it; look at the rows.",
    relation=CLOSED_DEALS,
    figure=Mean("amount", ("won", "has_amount")),
    needs=("deals.amount",),
    amount_where=("won",),
    variants=("bookings",),
)
