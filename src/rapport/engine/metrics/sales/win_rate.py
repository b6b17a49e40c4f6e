"""Win rate: of the deals that were decided, how many were won."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.deals import CLOSED_DEALS, CREATED_DEALS
from rapport.engine.metrics.shapes import COHORT_RATIO, EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

WIN_RATE = MetricSpec(
    id="win_rate",
    name="Win rate",
    room="sales",
    sentence="Share of the deals closed in the period that were won.",
    formula="won / (won + lost), by the last close; open deals are left out",
    **EVENT_RATIO,
    time_field="deal.closed_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="RevOps practice (Rework, Revenue metrics); own choice: a re-opened deal counts once, by its last close.",
    how_to_read="3 won and 1 lost is 75 %, however many are open. Look at the interval before comparing people.",
    not_when=(
        "Lost deals are left open instead of closed: the rate is then too high. Deals lost as duplicate or "
        "disqualified are left out. It looks back: deals closed today were won or lost by last quarter's work."
    ),
    relation=CLOSED_DEALS,
    figure=Ratio(count("won"), count(), proportion=True),
    variants=("win_rate_amount", "win_rate_cohort", "close_rate_leads"),
)

WIN_RATE_AMOUNT = MetricSpec(
    id="win_rate_amount",
    name="Win rate by amount",
    room="sales",
    sentence="Share of the amount of the deals closed in the period that was won.",
    formula="amount won / amount (won + lost), in base currency at the rate of the close date",
    **EVENT_RATIO,
    time_field="deal.closed_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Fivetran dbt_salesforce `win_percent`; null, not 0, without closed deals.",
    how_to_read="Lower than the win rate: the large deals are lost. Higher: the small ones are.",
    not_when="A few large deals decide it. Amounts lowered on closing (discounts) on won deals only make it too low.",
    relation=CLOSED_DEALS,
    figure=Ratio(total("amount", "won"), total("amount")),
    needs=("deals.amount",),
    amount_where=(),
    variants=("win_rate", "win_rate_cohort"),
)

WIN_RATE_COHORT = MetricSpec(
    id="win_rate_cohort",
    name="Win rate of new deals",
    room="sales",
    sentence="Share of the deals created in the period that were won within 90 days.",
    formula="deals won within 90 days of creation / deals created in the period",
    **COHORT_RATIO,
    time_field="deal.created_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="MetricFlow's conversion metrics (entity and window). Window: setting `win_window_days`.",
    how_to_read="Compares cohorts fairly: each deal has the same time. Immature until 90 days after the period's end.",
    not_when="The usual cycle is longer than the window. Read maturity first: young cohorts always look worse.",
    relation=CREATED_DEALS,
    figure=Ratio(count("won_in_window"), count(), proportion=True),
    needs=("deals.status", "deals.closed_at"),
    variants=("win_rate", "win_rate_amount"),
)
