"""A metric's value in words, by its unit. Unknown is said, never shown as 0."""

from __future__ import annotations

from django.conf import settings

from rapport.engine.metrics.spec import MetricSpec, Unit
from rapport.workspace.pages.frame import wording

UNKNOWN = "unknown"
_PLACES = {Unit.COUNT: 0, Unit.DAYS: 1, Unit.HOURS: 1, Unit.POINTS: 0, Unit.PER: 2}
_WORDS = {Unit.DAYS: "days", Unit.HOURS: "h"}


def in_full(spec: MetricSpec, value: float | None) -> str:
    """With all the digits that mean something: "€1,234.50", "12.3 %", "4.2 days"."""
    if value is None:
        return UNKNOWN
    if spec.unit is Unit.AMOUNT:
        return wording.money(value, settings.BASE_CURRENCY)
    if spec.unit is Unit.FRACTION:
        return wording.percent(value)
    return _with_word(spec, wording.number(value, _PLACES.get(spec.unit)))


def in_short(spec: MetricSpec, value: float | None) -> str:
    """For a tile: "€1.2 M", "12.3 %", "34 k"."""
    if value is None:
        return UNKNOWN
    if spec.unit is Unit.AMOUNT:
        return wording.short_money(value, settings.BASE_CURRENCY)
    if spec.unit is Unit.COUNT and abs(value) >= 10_000:
        return wording.short_number(value)
    return in_full(spec, value)


def _with_word(spec: MetricSpec, text: str) -> str:
    word = _WORDS.get(spec.unit)
    return f"{text}\u00a0{word}" if word else text
