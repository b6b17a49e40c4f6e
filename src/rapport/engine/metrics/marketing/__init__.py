"""Metrics of marketing: visits, e-mail, leads made and what they cost. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.marketing import (
    page_views,
)
from rapport.engine.metrics.spec import Metric

MARKETING: tuple[Metric, ...] = (
    page_views.PAGE_VIEWS,
    page_views.VISITS,
)
