"""Metrics of campaigns: reach, responses, and what purchases are credited to them. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.campaigns import (
    campaign_responses,
    campaign_revenue,
    campaigns_active,
)
from rapport.engine.metrics.spec import Metric

CAMPAIGNS: tuple[Metric, ...] = (
    campaigns_active.CAMPAIGNS_ACTIVE,
    campaign_responses.CAMPAIGN_RESPONSES,
    campaign_responses.CAMPAIGN_RESPONSES_TOTAL,
    campaign_responses.CAMPAIGN_RESPONDERS,
    campaign_responses.CAMPAIGN_RESPONSE_RATE,
    campaign_revenue.CAMPAIGN_REVENUE,
    campaign_revenue.CAMPAIGN_REVENUE_PRIMARY,
    campaign_revenue.CAMPAIGN_PURCHASES,
)
