"""New revenue: what deals of new business bring, in the first year and over their whole term."""

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.deals import CLOSED_DEALS
from rapport.engine.metrics.shapes import EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_NEW = ("new_won",)
_NEEDS = ("deals.amount", "deals.type")
_NOT_WHEN = (
    "The type of deals is not kept: only deals of type new are in it. A deal's amount is taken for the whole term: "
    "where it is a year's, leave the term empty."
)
_VARIANTS = ("new_revenue", "new_revenue_tcv", "new_revenue_recurring", "new_revenue_one_off", "bookings")


def _others(own: str) -> tuple[str, ...]:
    return tuple(name for name in _VARIANTS if name != own)


NEW_REVENUE = MetricSpec(
    id="new_revenue",
    name="New revenue",
    room="sales",
    sentence="What the deals of new business won in the period bring in their first year.",
    formula=(
        "sum over won deals of type new of one-off part + first year of the recurring part, in base currency at the "
        "rate of the close date; a deal without a longer term counts in full"
    ),
    definition_version=2,
    **EVENT_TOTAL,
    time_field="deal.closed_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own; annual contract value (ACV) as software companies report it.",
    how_to_read="What new customers bring in a year; the rest of the bookings is from those you have, and later years.",
    not_when=_NOT_WHEN,
    relation=CLOSED_DEALS,
    figure=Amount(total("first_year_amount", *_NEW)),
    needs=_NEEDS,
    amount_where=_NEW,
    variants=_others("new_revenue"),
)

NEW_REVENUE_TCV = MetricSpec(
    id="new_revenue_tcv",
    name="New revenue, whole term",
    room="sales",
    sentence="Amount of the deals of new business won in the period, over their whole terms.",
    formula="sum of the amounts of won deals of type new, in base currency at the rate of the close date",
    **EVENT_TOTAL,
    time_field="deal.closed_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own; total contract value (TCV).",
    how_to_read="Beside the first year: how much of it lies in later years.",
    not_when=_NOT_WHEN,
    relation=CLOSED_DEALS,
    figure=Amount(total("amount", *_NEW)),
    needs=_NEEDS,
    amount_where=_NEW,
    variants=_others("new_revenue_tcv"),
)

NEW_REVENUE_RECURRING = MetricSpec(
    id="new_revenue_recurring",
    name="New recurring revenue",
    room="sales",
    sentence="The recurring part of the first year of deals of new business won in the period.",
    formula="sum over won deals of type new of recurring_amount x months of the term, at most 12",
    **EVENT_TOTAL,
    time_field="deal.closed_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="What comes again next year if the customers stay.",
    not_when="Recurring amounts are kept for some deals only: the others count as one-off.",
    relation=CLOSED_DEALS,
    figure=Amount(total("recurring_first_year_amount", *_NEW)),
    needs=(*_NEEDS, "deals.recurring_amount"),
    amount_where=_NEW,
    variants=_others("new_revenue_recurring"),
)

NEW_REVENUE_ONE_OFF = MetricSpec(
    id="new_revenue_one_off",
    name="New one-off revenue",
    room="sales",
    sentence="The part of deals of new business won in the period that is paid once.",
    formula="sum over won deals of type new of amount - recurring_amount x term",
    **EVENT_TOTAL,
    time_field="deal.closed_at",
    unit=Unit.AMOUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="With the recurring part it adds up to the new revenue.",
    not_when="Recurring amounts are kept for some deals only: the others count as one-off.",
    relation=CLOSED_DEALS,
    figure=Amount(total("one_off_amount", *_NEW)),
    needs=(*_NEEDS, "deals.recurring_amount"),
    amount_where=_NEW,
    variants=_others("new_revenue_one_off"),
)
