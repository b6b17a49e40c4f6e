"""Metrics of retention and value: churn, recurring revenue, what customers are worth. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.retention import (
    clv_predicted,
    logo_churn_rate,
    mrr,
    p_alive,
    revenue_churn_rate,
    rfm_segment_share,
)
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
    clv_predicted.CLV_PREDICTED,
    clv_predicted.CLV_PREDICTED_REVENUE,
    clv_predicted.CUSTOMER_EQUITY,
    clv_predicted.CLV_HISTORIC,
    clv_predicted.CLV_HISTORIC_REVENUE,
    p_alive.P_ALIVE,
    p_alive.CUSTOMERS_ALIVE,
    p_alive.LOGO_CHURN_RATE_MODEL,
    rfm_segment_share.RFM_SEGMENT_SHARE,
)
