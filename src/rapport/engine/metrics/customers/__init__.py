"""Metrics of customers: who buys, how often and for how much. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.customers import (
    average_basket_value,
    new_customers,
    purchase_frequency,
    repeat_customer_ratio,
    revenue,
)
from rapport.engine.metrics.spec import Metric

CUSTOMERS: tuple[Metric, ...] = (
    new_customers.NEW_CUSTOMERS,
    new_customers.CUSTOMERS,
    revenue.ACTIVE_CUSTOMERS,
    revenue.REVENUE,
    revenue.ORDERS,
    average_basket_value.AVERAGE_BASKET_VALUE,
    average_basket_value.MEDIAN_BASKET_VALUE,
    purchase_frequency.PURCHASE_FREQUENCY,
    repeat_customer_ratio.REPEAT_CUSTOMER_RATIO,
    repeat_customer_ratio.REPEAT_CUSTOMER_RATIO_PERIOD,
)
