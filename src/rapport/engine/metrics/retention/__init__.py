"""Metrics of retention and value: churn, recurring revenue, what customers are worth. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.retention import logo_churn_rate, mrr, revenue_churn_rate
from rapport.engine.metrics.spec import Metric

RETENTION: tuple[Metric, ...] = (
    logo_churn_rate.CURRENT_CUSTOMERS,
    logo_churn_rate.LOGO_CHURN_RATE,
    logo_churn_rate.RETENTION_RATE,
    logo_churn_rate.CUSTOMERS_LOST,
    logo_churn_rate.LOGO_CHURN_RATE_YEAR,
    logo_churn_rate.LOGO_CHURN_RATE_AVERAGE,
    mrr.MRR,
    mrr.ARR,
    mrr.ARPA,
    mrr.PAYING_CUSTOMERS,
    mrr.NEW_MRR,
    mrr.EXPANSION_MRR,
    mrr.REACTIVATION_MRR,
    mrr.CONTRACTION_MRR,
    mrr.CHURNED_MRR,
    mrr.NET_NEW_MRR,
    revenue_churn_rate.REVENUE_CHURN_RATE,
    revenue_churn_rate.REVENUE_CHURN_RATE_NET,
    revenue_churn_rate.REVENUE_CHURN_RATE_LOST_CUSTOMERS,
    revenue_churn_rate.GRR,
    revenue_churn_rate.NRR,
    revenue_churn_rate.GRR_FROM_MOVEMENTS,
)
