"""Churn: the probability that a customer is lost, and what is at stake."""
