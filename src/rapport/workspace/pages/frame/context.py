"""What every page frame shows besides its content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from rapport.workspace.pages.frame.navigation import entries
from rapport.workspace.pages.frame.reader import page_language


def frame(request: HttpRequest) -> dict[str, Any]:
    """navigation: entries; page_language; sample: the sample-data notice or None. No queries for a part of a page."""
    if getattr(request, "htmx", False) and not getattr(request.htmx, "boosted", False):  # type: ignore[attr-defined]
        return {"page_language": page_language()}
    return {"navigation": entries(request.path), "page_language": page_language()}
