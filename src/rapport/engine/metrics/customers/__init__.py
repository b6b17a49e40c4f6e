"""Metrics of customers, one idea per file."""
