"""What every page frame shows besides its content."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from rapport.workspace.crm.samples.loading import loaded_sample
from rapport.workspace.pages.frame.navigation import entries
from rapport.workspace.pages.frame.reader import page_language
from rapport.workspace.team.access import Action, can

SAMPLE_KEY = "frame.sample"
_REMEMBERED_S = 20


def frame(request: HttpRequest) -> dict[str, Any]:
    """navigation: entries; page_language; sample: the sample-data notice or None. No queries for a part of a page."""
    words = {"page_language": page_language()}
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return words
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return words
    return {**words, "navigation": entries(request.path), "sample": _sample(request)}


def _sample(request: HttpRequest) -> dict[str, Any] | None:
    """Looked up at most every 20 seconds."""
    known: dict[str, Any] | None = cache.get(SAMPLE_KEY)
    if known is None:
        found = loaded_sample()
        known = {"text": found.title, "simulated": found.is_simulated} if found else {}
        cache.set(SAMPLE_KEY, known, _REMEMBERED_S)
    if not known:
        return None
    removable = can(request.user, Action.REMOVE_SAMPLES)
    return {**known, "remove_url": reverse("data:remove_sample") if removable else ""}
