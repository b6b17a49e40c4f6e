"""How serious a finding about a live score is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

OK, UNKNOWN, WATCH, ALARM = "ok", "unknown", "watch", "alarm"
LEVELS = (OK, UNKNOWN, WATCH, ALARM)
"""The calmest first. `unknown`: there is not enough to tell yet."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: what was looked at: `ranking`, `calibration`, `drift of the score`, ...
        level: one of `LEVELS`.
        sentence: what was found, with its figures, for people.
        figures: the same as data (JSON).
    """

    about: str
    level: str
    sentence: str
    figures: dict[str, Any] = field(default_factory=dict)


def worst(levels: Iterable[str]) -> str:
    """The most serious of levels; `unknown` where there are none."""
    return max(levels, key=LEVELS.index, default=UNKNOWN)
