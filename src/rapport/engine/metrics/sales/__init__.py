"""Metrics of sales, one idea per file."""
