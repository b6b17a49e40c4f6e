"""New customers, and how many customers there are."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.customers import CUSTOMERS_GAINED, CUSTOMERS_SO_FAR
from rapport.engine.metrics.relations.new_logos import NEW_LOGOS as ACCOUNTS_GAINED
from rapport.engine.metrics.shapes import EVENT_TOTAL, STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_SINCE = "customer since: first order not refunded in full, won deal or start of a contract"

NEW_CUSTOMERS = MetricSpec(
    id="new_customers",
    name="New customers",
    room="customers",
    sentence="Customers whose first purchase, won deal or contract lies in the period.",
    formula="count of customers by the earliest of first order not refunded in full, won deal, start of a contract",
    **EVENT_TOTAL,
    time_field=_SINCE,
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own. The setting `customer_grain` says whether accounts or persons are counted.",
    how_to_read="A customer who comes back after years is not new.",
    not_when="History starts late: in the first months every old customer looks new.",
    relation=CUSTOMERS_GAINED,
    figure=Amount(count()),
    variants=("customers", "new_logos", "reactivated_customers"),
)

CUSTOMERS = MetricSpec(
    id="customers",
    name="Customers so far",
    room="customers",
    sentence="Customers gained up to the end of the period, whether or not they still buy.",
    formula="count of customers whose first purchase, won deal or contract lies before the end",
    **STANDING_TOTAL,
    time_field=_SINCE,
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="It only ever grows. For those who buy, see active customers.",
    not_when="You want to know who is still a customer.",
    relation=CUSTOMERS_SO_FAR,
    figure=Amount(count()),
    variants=("new_customers", "active_customers"),
)

NEW_LOGOS = MetricSpec(
    id="new_logos",
    name="New accounts",
    room="customers",
    sentence="Accounts whose first purchase, won deal or contract lies in the period.",
    formula="count of accounts by the earliest of what they or their people bought, won or signed",
    **EVENT_TOTAL,
    time_field=_SINCE,
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; new logos.",
    how_to_read="Whatever the setting `customer_grain`: people without an account are not in it.",
    not_when="History starts late: in the first months every old account looks new.",
    relation=ACCOUNTS_GAINED,
    figure=Amount(count()),
    variants=("new_customers",),
)
