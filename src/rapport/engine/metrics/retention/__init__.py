"""Metrics of retention and value: churn, recurring revenue, what customers are worth. One idea per file."""

from __future__ import annotations

from rapport.engine.metrics.spec import Metric

RETENTION: tuple[Metric, ...] = ()
