"""Lifetime value: how long customers stay, how often they buy and what they are worth."""
