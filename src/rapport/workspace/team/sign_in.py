"""Signing in: no one registers alone, and who is counted when a password is wrong."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """People are added by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def name_given(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The username or e-mail address that was typed, in lower case, so that attempts on either form are counted."""
    typed = request.POST.get("login", "") if request else ""
    known = credentials or {}
    return str(typed or known.get("username") or known.get("email") or "").strip().lower()
