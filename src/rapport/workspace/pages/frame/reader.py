"""Whose eyes the page is for: language and time zone of the signed-in reader."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

_TRANSLATED = frozenset({"en"})


class ReaderMiddleware:
    """Times in the reader's zone, else the company's; numbers in the reader's language, else the browser's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        language = getattr(user, "language", "")
        if language and translation.check_for_language(language):
            translation.activate(language)
        with timezone.override(zone_of(user)):
            return self.get_response(request)


def zone_of(user: object) -> ZoneInfo:
    """The reader's time zone; the reporting one where none, or none that exists, was chosen."""
    try:
        return ZoneInfo(getattr(user, "time_zone", "") or settings.REPORTING_TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.REPORTING_TIME_ZONE)


def page_language() -> str:
    """The language the words are in, for `<html lang>`: the active one only where it is translated."""
    active = translation.get_language() or settings.LANGUAGE_CODE
    return active if active.split("-")[0] in _TRANSLATED else settings.LANGUAGE_CODE
