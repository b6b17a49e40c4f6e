"""Sales cycle: how long a won deal took."""

from rapport.engine.metrics.figures import Mean, Quantile
from rapport.engine.metrics.relations.deals import CLOSED_DEALS
from rapport.engine.metrics.shapes import EVENT_AVERAGE
from rapport.engine.metrics.spec import MetricSpec, Unit

_WON = ("won", "in_order")
_SOURCE = "Own definition of the start (first touch); Fivetran dbt_salesforce `days_to_close` starts at creation."
_NOT_WHEN = (
    "Interactions are recorded for some deals only: those without count from the deal's creation (told as "
    "assumed) and look shorter. Deals closed before they began are data errors and left out."
)

SALES_CYCLE_LENGTH = MetricSpec(
    id="sales_cycle_length",
    name="Sales cycle length",
    room="sales",
    sentence="Median days from the first touch of the customer to the close, of deals won in the period.",
    formula=(
        "median of closed_at - first touch; the first touch is the first interaction with the deal, its contact or its "
        "account since their close before, and never later than the deal's creation"
    ),
    **EVENT_AVERAGE,
    time_field="deal.closed_at",
    unit=Unit.DAYS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Half of the won deals took longer. Rising while the win rate holds: buyers hesitate.",
    not_when=_NOT_WHEN,
    relation=CLOSED_DEALS,
    figure=Quantile("cycle_days", 0.5, _WON),
    needs=("deals.created_at",),
    assumed_where=_WON,
    variants=(
        "sales_cycle_length_mean",
        "sales_cycle_length_p90",
        "sales_cycle_length_created",
        "sales_cycle_length_with_lost",
    ),
)

SALES_CYCLE_LENGTH_MEAN = MetricSpec(
    id="sales_cycle_length_mean",
    name="Sales cycle length, mean",
    room="sales",
    sentence="Mean days from the first touch of the customer to the close, of deals won in the period.",
    formula="mean of closed_at - first touch",
    **EVENT_AVERAGE,
    time_field="deal.closed_at",
    unit=Unit.DAYS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Far above the median: a few deals take very long.",
    not_when=_NOT_WHEN,
    relation=CLOSED_DEALS,
    figure=Mean("cycle_days", _WON),
    needs=("deals.created_at",),
    assumed_where=_WON,
    variants=("sales_cycle_length",),
)

SALES_CYCLE_LENGTH_P90 = MetricSpec(
    id="sales_cycle_length_p90",
    name="Sales cycle length, 90th percentile",
    room="sales",
    sentence="Nine in ten deals won in the period took at most this many days from the first touch.",
    formula="90th percentile of closed_at - first touch, linear interpolation",
    **EVENT_AVERAGE,
    time_field="deal.closed_at",
    unit=Unit.DAYS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="How long to wait before an open deal is unusual.",
    not_when=_NOT_WHEN,
    relation=CLOSED_DEALS,
    figure=Quantile("cycle_days", 0.9, _WON),
    needs=("deals.created_at",),
    assumed_where=_WON,
    variants=("sales_cycle_length",),
)

SALES_CYCLE_LENGTH_CREATED = MetricSpec(
    id="sales_cycle_length_created",
    name="Days from creation to close",
    room="sales",
    sentence="Median days from a deal's creation to its close, of deals won in the period.",
    formula="median of closed_at - created_at",
    **EVENT_AVERAGE,
    time_field="deal.closed_at",
    unit=Unit.DAYS,
    higher_is_better=False,
    source="Fivetran dbt_salesforce `days_to_close` (there a mean).",
    how_to_read="Compare with the sales cycle: the difference is the time before anyone opened a deal.",
    not_when="Deals are entered only shortly before they close.",
    relation=CLOSED_DEALS,
    figure=Quantile("created_days", 0.5, _WON),
    needs=("deals.created_at",),
    variants=("sales_cycle_length",),
)

SALES_CYCLE_LENGTH_WITH_LOST = MetricSpec(
    id="sales_cycle_length_with_lost",
    name="Sales cycle length, lost deals too",
    room="sales",
    sentence="Median days from the first touch of the customer to the close, of deals won or lost in the period.",
    formula="median of closed_at - first touch since the account's last close, won or lost",
    **EVENT_AVERAGE,
    time_field="deal.closed_at",
    unit=Unit.DAYS,
    higher_is_better=None,
    source=_SOURCE,
    how_to_read="Longer than that of won deals: lost ones are let go too late.",
    not_when=_NOT_WHEN,
    relation=CLOSED_DEALS,
    figure=Quantile("any_cycle_days", 0.5, ("any_in_order",)),
    needs=("deals.created_at",),
    variants=("sales_cycle_length",),
)
