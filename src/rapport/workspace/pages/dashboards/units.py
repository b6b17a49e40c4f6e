"""A metric's value in words, by its unit. Unknown is said, never shown as 0."""

from __future__ import annotations

from django.conf import settings

from rapport.engine.metrics.spec import Metric, Unit
from rapport.workspace.pages.frame import wording

UNKNOWN = "unknown"
TIMES = (Unit.SECONDS, Unit.MINUTES, Unit.HOURS, Unit.DAYS, Unit.MONTHS)
_PLACES = {Unit.COUNT: 0, Unit.POINTS: 0, Unit.PER: 2, **dict.fromkeys(TIMES, 1), Unit.SECONDS: 0}
_WORDS = {Unit.SECONDS: "s", Unit.MINUTES: "min", Unit.HOURS: "h", Unit.DAYS: "days", Unit.MONTHS: "months"}


def in_full(spec: Metric, value: float | None) -> str:
    """With all the digits that mean something: "€1,234.50", "12.3 %", "4.2 days"."""
    if value is None:
        return UNKNOWN
    if spec.unit is Unit.AMOUNT:
        return wording.money(value, settings.BASE_CURRENCY)
    if spec.unit.is_percent:
        return wording.percent(value)
    shared = spec.unit is Unit.COUNT and value != int(value)  # part of a purchase, shared out
    return _with_word(spec, wording.number(value, 1 if shared else _PLACES.get(spec.unit)))


def in_short(spec: Metric, value: float | None) -> str:
    """For a tile: "€1.2 M", "12.3 %", "34 k"."""
    if value is None:
        return UNKNOWN
    if spec.unit is Unit.AMOUNT:
        return wording.short_money(value, settings.BASE_CURRENCY)
    if spec.unit is Unit.COUNT and abs(value) >= 10_000:
        return wording.short_number(value)
    return in_full(spec, value)


def _with_word(spec: Metric, text: str) -> str:
    word = _WORDS.get(spec.unit)
    return f"{text}\u00a0{word}" if word else text
