"""Regular customers: who buys in every month."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.loyal_months import KEY_CUSTOMERS, LOYAL_CUSTOMERS
from rapport.engine.metrics.shapes import STANDING_RATIO, STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "order.ordered_at, last full calendar months before the end of the period"
_SOURCE = "Own. Months of the company's zone; how many: setting `regular_customer_months` (3)."
_NOT_WHEN = "The usual time between purchases is longer than a month."

REGULAR_CUSTOMERS = MetricSpec(
    id="regular_customers",
    name="Regular customers",
    room="customers",
    sentence="Customers with at least one purchase in each of the last three full calendar months.",
    formula="count of customers with an order in each of the 3 full months before the end",
    **STANDING_TOTAL,
    time_field=_TIME,
    unit=Unit.COUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="A month that is not over does not count yet, for or against anyone.",
    not_when=_NOT_WHEN,
    relation=LOYAL_CUSTOMERS,
    figure=Amount(count("regular")),
    variants=("regular_customers_share", "monthly_buyers", "key_customer_regular_share"),
)

REGULAR_CUSTOMERS_SHARE = MetricSpec(
    id="regular_customers_share",
    name="Share of regular customers",
    room="customers",
    sentence="Share of the customers of at least three months who bought in each of the last three full months.",
    formula="regular customers / customers with a first order before those 3 full months",
    **STANDING_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Younger customers could not have bought in each of them and are left out.",
    not_when=f"Customers who left long ago are among those it divides by. {_NOT_WHEN}",
    relation=LOYAL_CUSTOMERS,
    figure=Ratio(count("regular_old"), count("old_enough"), proportion=True),
    variants=("regular_customers", "key_customer_regular_share"),
)

MONTHLY_BUYERS = MetricSpec(
    id="monthly_buyers",
    name="Buyers of the month",
    room="customers",
    sentence="Customers with a purchase in the month in which the period ends.",
    formula="count of customers with an order from the first of the month to the end of the period",
    **STANDING_TOTAL,
    time_field="order.ordered_at, the month in which the period ends",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; regular customers with one month.",
    how_to_read="In a month that is not over it still grows.",
    not_when="Compared with a month that is over.",
    relation=LOYAL_CUSTOMERS,
    figure=Amount(count("buys_this_month")),
    variants=("regular_customers", "active_customers"),
)

KEY_CUSTOMER_REGULAR_SHARE = MetricSpec(
    id="key_customer_regular_share",
    name="Key customers who buy monthly",
    room="customers",
    sentence="Share of the key customers who bought in each of the last three full calendar months.",
    formula=(
        "key customers with an order in each of the 3 full months before the end / key customers: the tenth with the "
        "most net revenue in the 365 days before the end, ties included"
    ),
    **STANDING_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=f"{_SOURCE} Days of value: setting `key_customer_days`.",
    how_to_read="The customers you live from: one who stops buying monthly is worth a call.",
    not_when=_NOT_WHEN,
    relation=KEY_CUSTOMERS,
    figure=Ratio(count("regular"), count(), proportion=True),
    variants=("regular_customers_share",),
)
