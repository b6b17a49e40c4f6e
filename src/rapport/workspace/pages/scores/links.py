"""Addresses of the records that scores are about."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def record_url(kind: str, record_id: str) -> str:
    """The page of a contact, account or deal; empty where there is none."""
    try:
        return reverse(f"{kind}s:record", args=[record_id])
    except NoReverseMatch:
        return ""
