"""The twelve months before an instant, to the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rapport.engine.crm.local_day import local_day_of, start_of_local_day
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.windows import Window


def a_year_back(windows: Sequence[Window], time_zone: str) -> tuple[Window, ...]:
    """Each window from the same local day a year before it stands: twelve months whatever a leap year does.

    Who signed on 1 January 2024 is new in 2024; 365 days before 1 January 2025 lie after that day.
    """
    return tuple(replace(w, start=_a_year_before(w, time_zone)) for w in windows)


def _a_year_before(window: Window, time_zone: str) -> datetime:
    day = Period.day(local_day_of(window.stand, time_zone))
    return start_of_local_day(day.last_year().start, time_zone)
