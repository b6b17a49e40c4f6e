"""Metrics of sales: leads, deals, the pipeline and calls. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.sales import (
    deals_won,
    lead_to_customer_rate,
    leads,
    open_deals,
    pipeline_value,
    sales_calls,
    sales_cycle_length,
    stage_duration,
    win_rate,
)
from rapport.engine.metrics.spec import Metric

SALES: tuple[Metric, ...] = (
    leads.LEADS,
    leads.MQLS,
    leads.SQLS,
    lead_to_customer_rate.LEAD_TO_CUSTOMER_RATE,
    deals_won.DEALS_CREATED,
    deals_won.DEALS_WON,
    deals_won.DEALS_LOST,
    win_rate.WIN_RATE,
    win_rate.WIN_RATE_AMOUNT,
    win_rate.WIN_RATE_COHORT,
    deals_won.BOOKINGS,
    deals_won.NEW_REVENUE,
    deals_won.AVERAGE_DEAL_SIZE,
    sales_cycle_length.SALES_CYCLE_LENGTH,
    sales_cycle_length.SALES_CYCLE_LENGTH_MEAN,
    sales_cycle_length.SALES_CYCLE_LENGTH_P90,
    sales_cycle_length.SALES_CYCLE_LENGTH_CREATED,
    stage_duration.STAGE_DURATION,
    stage_duration.STAGE_DURATION_MEAN,
    stage_duration.STAGE_DURATION_P90,
    open_deals.OPEN_DEALS,
    open_deals.OVERDUE_DEALS_SHARE,
    pipeline_value.PIPELINE_VALUE,
    pipeline_value.WEIGHTED_PIPELINE,
    sales_calls.SALES_CALLS,
    sales_calls.SALES_CALLS_CONNECTED,
)
