"""When things happen in a working week."""

from __future__ import annotations

import numpy as np

from rapport.engine.crm.simulation.arrow import DAY, HOUR, NEVER, Floats, Ints, Mask

WEB = np.array([1.0, 1.05, 1.05, 1.0, 0.85, 0.3, 0.3])  # Monday ... Sunday
OFFICE = np.array([1.0, 1.1, 1.1, 1.05, 0.8, 0.0, 0.0])
_HOURS = np.array(
    (
        *(0.1, 0.05, 0.03, 0.03, 0.05, 0.1, 0.3, 0.7, 1.3, 1.7, 1.8, 1.6),
        *(1.1, 1.5, 1.7, 1.6, 1.3, 0.9, 0.6, 0.5, 0.5, 0.5, 0.4, 0.2),
    )
)
_OFFICE_HOURS = np.where((np.arange(24) >= 8) & (np.arange(24) < 18), _HOURS, 0)


def in_rhythm(
    random: np.random.Generator, rough: Ints, lower: Ints | int, upper: Ints | int, *, week: Floats = WEB
) -> Ints:
    """`rough` moved inside its own week to a likely weekday and hour (UTC).

    What would leave [lower, upper] stays where it was, so that order in time is never broken.
    """
    day = rough // DAY
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    chosen = random.choice(7, len(rough), p=week / week.sum())
    hours = _OFFICE_HOURS if week is OFFICE else _HOURS
    hour = random.choice(24, len(rough), p=hours / hours.sum())
    moved = (day - weekday + chosen) * DAY + hour * HOUR + random.integers(0, HOUR, len(rough))
    return np.where((moved >= lower) & (moved <= upper), moved, rough)


def after(random: np.random.Generator, since: Ints, mean_days: Floats | float) -> Ints:
    """An exponential wait after each instant; NEVER stays NEVER."""
    return later(since, random.exponential(mean_days, len(since)))


def later(since: Ints, days: Floats) -> Ints:
    """`since` plus some days; NEVER stays NEVER."""
    return np.where(since == NEVER, NEVER, since + (days * DAY).astype(np.int64))


def until(instants: Ints, end: int) -> Ints:
    """Instants after `end` have not happened: NEVER."""
    return np.where(instants > end, NEVER, instants)


def happened(instants: Ints, end: int) -> Mask:
    return np.asarray((instants != NEVER) & (instants <= end), np.bool_)
