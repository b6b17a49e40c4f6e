"""Every metric by its id, in the order in which pages show them."""

from __future__ import annotations

from rapport.engine.metrics.campaigns import CAMPAIGNS
from rapport.engine.metrics.customers import CUSTOMERS
from rapport.engine.metrics.marketing import MARKETING
from rapport.engine.metrics.retention import RETENTION
from rapport.engine.metrics.sales import SALES
from rapport.engine.metrics.service import SERVICE
from rapport.engine.metrics.spec import Metric

METRICS: dict[str, Metric] = {
    metric.id: metric for metric in (*CAMPAIGNS, *MARKETING, *SALES, *CUSTOMERS, *RETENTION, *SERVICE)
}
