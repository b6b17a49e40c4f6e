"""Which of five colours a band is shown in, when its definition does not say."""

from __future__ import annotations

_NAMES = {
    5: ("hot", "a", "a+", "champions", "champion", "excellent", "very high", "healthy", "promoter", "ready"),
    4: ("warm", "b", "loyal", "high", "good", "engaged", "likely", "active"),
    3: ("c", "medium", "fair", "passive", "promising", "new", "watch", "nurture"),
    2: ("cool", "d", "low", "at risk", "slipping", "needs attention", "unlikely", "poor"),
    1: (
        "cold",
        "e",
        "f",
        "lost",
        "very low",
        "critical",
        "detractor",
        "hibernating",
        "inactive",
        "churned",
        "sleeping",
    ),
}
_LEVELS = {name: level for level, names in _NAMES.items() for name in names}
_MIDDLE = 3


def level_of(band: str | None) -> int:
    """1 (lowest) to 5 for a band's name; 0 for none; the middle for a name of one's own."""
    return _LEVELS.get(band.strip().lower().replace("_", " "), _MIDDLE) if band else 0
