"""Metrics of customers: who buys, how often and for how much. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.customers import (
    average_basket_value,
    new_customers,
    purchase_frequency,
    regular_customers,
    repeat_customer_ratio,
    retained_customers,
    revenue,
)
from rapport.engine.metrics.spec import Metric

CUSTOMERS: tuple[Metric, ...] = (
    new_customers.NEW_CUSTOMERS,
    new_customers.NEW_LOGOS,
    new_customers.CUSTOMERS,
    retained_customers.RETAINED_CUSTOMERS,
    retained_customers.RETAINED_CUSTOMERS_CONTRACTUAL,
    retained_customers.REACTIVATED_CUSTOMERS,
    revenue.ACTIVE_CUSTOMERS,
    revenue.REVENUE,
    revenue.ORDERS,
    average_basket_value.AVERAGE_BASKET_VALUE,
    average_basket_value.MEDIAN_BASKET_VALUE,
    average_basket_value.ITEMS_PER_BASKET,
    purchase_frequency.PURCHASE_FREQUENCY,
    purchase_frequency.PURCHASE_FREQUENCY_PERIOD,
    purchase_frequency.REPEAT_PURCHASE_FREQUENCY,
    regular_customers.REGULAR_CUSTOMERS,
    regular_customers.REGULAR_CUSTOMERS_SHARE,
    regular_customers.MONTHLY_BUYERS,
    regular_customers.KEY_CUSTOMER_REGULAR_SHARE,
    repeat_customer_ratio.REPEAT_CUSTOMER_RATIO,
    repeat_customer_ratio.REPEAT_CUSTOMER_RATIO_PERIOD,
    repeat_customer_ratio.REPEAT_CUSTOMER_RATIO_12_MONTHS,
)
