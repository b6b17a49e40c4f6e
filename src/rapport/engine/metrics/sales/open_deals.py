"""Open deals: how many stand open at the end of a period, and how many of them are late."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.deals import OPEN_DEALS as OPEN
from rapport.engine.metrics.shapes import STANDING_RATIO, STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "end of the period, or now"
_NOT_WHEN = "Dead deals are not closed: they stay open for ever."

OPEN_DEALS = MetricSpec(
    id="open_deals",
    name="Open deals",
    room="sales",
    sentence="Deals that stood open at the end of the period.",
    formula="count of deals created and not closed as of the end; a re-opened deal is open again",
    **STANDING_TOTAL,
    time_field=_TIME,
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Fivetran dbt_salesforce (status rule), read from history.",
    how_to_read="A stock, not a flow: months must not be added.",
    not_when=_NOT_WHEN,
    relation=OPEN,
    figure=Amount(count()),
    variants=("overdue_deals_share", "deals_created"),
)

OVERDUE_DEALS_SHARE = MetricSpec(
    id="overdue_deals_share",
    name="Overdue open deals",
    room="sales",
    sentence="Share of the deals open at the end of the period whose expected close date had passed.",
    formula="open deals with expected_close_date before the day / open deals",
    **STANDING_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=False,
    source="Own; a measure of pipeline hygiene.",
    how_to_read="Above a third, forecasts by close date are worth little.",
    not_when="Expected close dates are not kept.",
    relation=OPEN,
    figure=Ratio(count("overdue"), count(), proportion=True),
    needs=("deals.expected_close_date",),
    variants=("open_deals",),
)
