"""Metrics of marketing, one idea per file."""
