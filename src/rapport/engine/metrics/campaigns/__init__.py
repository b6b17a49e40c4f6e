"""Metrics of campaigns: reach, responses, and what purchases are credited to them. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.campaigns import (
    attribution,
    campaign_customers,
    campaign_responses,
    campaign_returns,
    campaign_revenue,
    campaigns_active,
)
from rapport.engine.metrics.spec import Metric

CAMPAIGNS: tuple[Metric, ...] = (
    campaigns_active.CAMPAIGNS_ACTIVE,
    campaigns_active.CAMPAIGNS_LAUNCHED,
    campaigns_active.CAMPAIGNS_SENT,
    campaign_responses.CAMPAIGN_RESPONSES,
    campaign_responses.CAMPAIGN_RESPONSES_TOTAL,
    campaign_responses.CAMPAIGN_RESPONDERS,
    campaign_responses.CAMPAIGN_RESPONSE_RATE,
    campaign_revenue.CAMPAIGN_REVENUE,
    campaign_revenue.CAMPAIGN_REVENUE_PRIMARY,
    campaign_revenue.CAMPAIGN_PURCHASES,
    campaign_revenue.CAMPAIGN_PURCHASES_7_DAYS,
    campaign_revenue.CAMPAIGN_PURCHASES_90_DAYS,
    campaign_customers.CAMPAIGN_NEW_CUSTOMERS,
    campaign_customers.CAMPAIGN_INFLUENCED_CUSTOMERS,
    campaign_returns.CAMPAIGN_ROI,
    campaign_returns.CAMPAIGN_ROI_MARGIN,
    campaign_returns.ROAS,
    *attribution.REVENUE_BY_MODEL,
    *attribution.PURCHASES_BY_MODEL,
)
