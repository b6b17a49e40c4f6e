"""Metrics of service: cases, calls and what customers say. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.service import (
    avg_time_to_resolution,
    backlog,
    cases,
    csat,
    nps,
)
from rapport.engine.metrics.spec import Metric

SERVICE: tuple[Metric, ...] = (
    cases.CASES_OPENED,
    cases.CASES_SOLVED,
    cases.CASES_CLOSED_SAME_DAY,
    cases.REOPEN_RATE,
    cases.FIRST_RESPONSE_TIME,
    backlog.BACKLOG,
    avg_time_to_resolution.AVG_TIME_TO_RESOLUTION,
    avg_time_to_resolution.MEDIAN_TIME_TO_RESOLUTION,
    avg_time_to_resolution.P90_TIME_TO_RESOLUTION,
    avg_time_to_resolution.AVG_TIME_TO_RESOLUTION_BUSINESS,
    avg_time_to_resolution.AVG_COMPLAINT_RESOLUTION_TIME,
    nps.NPS,
    csat.CSAT,
)
