"""Addresses of files for the browser that change with the content, so that they may be cached for long."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class StampedStaticFiles(StaticFilesStorage):
    """Appends `?v=<hash of the content>`; needs no collecting step, so an installed package serves at once."""

    def url(self, name: str | None) -> str:
        address = super().url(name)
        stamp = (_stamp.__wrapped__ if settings.DEBUG else _stamp)(name) if name else ""
        return f"{address}?v={stamp}" if stamp else address


@cache
def _stamp(name: str) -> str:
    found = finders.find(name)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10] if isinstance(found, str) else ""
