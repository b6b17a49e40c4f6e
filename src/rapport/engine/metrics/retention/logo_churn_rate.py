"""Customers who stay and customers who leave."""

from collections.abc import Iterable
from math import prod

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.customers_at_start import (
    CURRENT_CUSTOMERS as CURRENT,
)
from rapport.engine.metrics.relations.customers_at_start import CUSTOMERS_A_YEAR_AGO, CUSTOMERS_AT_START
from rapport.engine.metrics.shapes import (
    COHORT_RATIO,
    DERIVED_RATIO,
    EVENT_DISTINCT,
    ROLLING_RATIO,
    STANDING_TOTAL,
)
from rapport.engine.metrics.spec import MetricSpec, Unit

_RULE = (
    "A customer with a contract is lost 30 days after it ended without another one; a buyer when no purchase came "
    "for 90 days or three times the own median gap, whichever is longer."
)
_SOURCE = f"Own. {_RULE} Settings: `contract_grace_days`, `activity_window_days`, `activity_window_gaps`."
_TIME = "state at the start and at the end of the period"


def compounded(rates: Iterable[float]) -> float:
    """The churn over several periods from that of each: 1 - product of (1 - rate). Rates are never averaged.

    >>> round(compounded([0.1, 0.1]), 4)
    0.19
    """
    return 1.0 - prod(1.0 - rate for rate in rates)


def monthly(yearly: float) -> float:
    """The churn of each month that compounds to that of a year."""
    return float(1.0 - (1.0 - yearly) ** (1 / 12))


CURRENT_CUSTOMERS = MetricSpec(
    id="current_customers",
    name="Current customers",
    room="retention",
    sentence="Customers at the end of the period who have not been lost.",
    formula="customers with a running contract, or with a purchase within their activity window",
    **STANDING_TOTAL,
    time_field="end of the period",
    unit=Unit.COUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Customers so far, without those who left. Who comes back counts again.",
    not_when="Purchases are rarer than the activity window: raise it.",
    relation=CURRENT,
    figure=Amount(count()),
    variants=("customers", "customers_lost"),
)

LOGO_CHURN_RATE = MetricSpec(
    id="logo_churn_rate",
    name="Customer churn rate",
    room="retention",
    sentence="Share of the customers of the period's start who were lost by its end.",
    formula="customers of the start who are none at the end / customers of the start",
    **COHORT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Who came and left within the period is not in it; who left and came back in it is not lost. "
    "Rates of months are compounded, 1 - (1 - c1) x (1 - c2) ..., never averaged.",
    not_when="The start of the period lies before the data, or hardly a customer was there then.",
    relation=CUSTOMERS_AT_START,
    figure=Ratio(count("lost"), count(), proportion=True),
    variants=("logo_churn_rate_average", "logo_churn_rate_year", "logo_churn_rate_model", "retention_rate"),
)

RETENTION_RATE = MetricSpec(
    id="retention_rate",
    name="Customer retention rate",
    room="retention",
    sentence="Share of the customers of the period's start who still were customers at its end.",
    formula="customers of the start who are customers at the end / customers of the start",
    **COHORT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=f"{_SOURCE} Told by ids, not by totals, so that who comes back from earlier times never lifts it above 1.",
    how_to_read="1 - customer churn rate.",
    not_when="Periods of different length are compared: a longer one loses more.",
    relation=CUSTOMERS_AT_START,
    figure=Ratio(count("kept"), count(), proportion=True),
    variants=("logo_churn_rate", "cohort_retention_rate"),
)

CUSTOMERS_LOST = MetricSpec(
    id="customers_lost",
    name="Customers lost",
    room="retention",
    sentence="Customers of the period's start who were none at its end.",
    formula="count of customers of the start who are none at the end",
    **EVENT_DISTINCT,
    time_field=_TIME,
    unit=Unit.COUNT,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Open the rows to see who left.",
    not_when="You want to add months up: who left and came back is lost in one of them only.",
    relation=CUSTOMERS_AT_START,
    figure=Amount(count("lost"), whole=count()),
    variants=("logo_churn_rate",),
)

LOGO_CHURN_RATE_YEAR = MetricSpec(
    id="logo_churn_rate_year",
    name="Customer churn rate, twelve months",
    room="retention",
    sentence="Share of the customers of twelve months before the period's end who were lost by then.",
    formula="customers of twelve months before who are none at the end / customers of twelve months before",
    **ROLLING_RATIO,
    rolling_days=365,
    time_field="state twelve months before the end and at the end",
    unit=Unit.FRACTION,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="The steady one: seasons are in it whole. Its month is 1 - (1 - rate) ^ (1/12).",
    not_when="There are data of less than a year and an activity window.",
    relation=CUSTOMERS_A_YEAR_AGO,
    figure=Ratio(count("lost"), count(), proportion=True),
    variants=("logo_churn_rate",),
)

LOGO_CHURN_RATE_AVERAGE = DerivedMetric(
    id="logo_churn_rate_average",
    name="Customer churn rate, by average customers",
    room="retention",
    sentence="Customers lost in the period, divided by the average number of customers in it.",
    formula="customers lost / ((customers at the start + customers at the end) / 2)",
    **DERIVED_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=False,
    source=f"Own; the usual reading where the number of customers grows fast. {_RULE}",
    how_to_read="Lower than the customer churn rate while customers grow, higher while they shrink.",
    not_when="You want a share: who came within the period is below the line but never above it.",
    parts={
        "lost": Part(CUSTOMERS_LOST),
        "start": Part(CURRENT_CUSTOMERS, before=True),
        "end": Part(CURRENT_CUSTOMERS),
    },
    numerator=lambda v: v["lost"],
    denominator=lambda v: (v["start"] + v["end"]) / 2,
    variants=("logo_churn_rate",),
)
