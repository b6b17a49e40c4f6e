"""Metrics of retention and value: churn, recurring revenue, what customers are worth. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.retention import logo_churn_rate
from rapport.engine.metrics.spec import Metric

RETENTION: tuple[Metric, ...] = (
    logo_churn_rate.CURRENT_CUSTOMERS,
    logo_churn_rate.LOGO_CHURN_RATE,
    logo_churn_rate.RETENTION_RATE,
    logo_churn_rate.CUSTOMERS_LOST,
    logo_churn_rate.LOGO_CHURN_RATE_YEAR,
    logo_churn_rate.LOGO_CHURN_RATE_AVERAGE,
)
