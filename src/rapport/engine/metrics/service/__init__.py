"""Metrics of service, one idea per file."""
