"""Tags and filters of every template, loaded without `{% load %}`.

Filters: number, short_number, money:currency, short_money:currency, percent, day, instant, when, plain.
Tags: icon, score_badge, avatar, sparkline, change, with_query.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from rapport.workspace.pages.frame import wording
from rapport.workspace.pages.frame.levels import level_of

register = template.Library()
_ICONS = Path(settings.PACKAGE) / "static" / "vendor" / "tabler-icons"

register.filter("number", wording.number)
register.filter("short_number", wording.short_number)
register.filter("percent", wording.percent)
register.filter("day", wording.day)
register.filter("instant", wording.instant)


@register.filter
def plain(name: object) -> str:
    return wording.plain(str(name)) if name not in (None, "") else wording.NOTHING


@register.filter
def money(value: Decimal | None, currency: str | None = None) -> str:
    return wording.money(value, currency or settings.BASE_CURRENCY)


@register.filter
def short_money(value: Decimal | None, currency: str | None = None) -> str:
    return wording.short_money(value, currency or settings.BASE_CURRENCY)


@register.filter
def when(value: datetime | date | None) -> str | SafeString:
    """How long ago, with the exact time on hover; a date alone is written out."""
    if value is None or not isinstance(value, datetime):
        return wording.day(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        wording.instant(value),
        wording.ago(value, timezone.now()),
    )


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """A Tabler icon of `static/vendor/tabler-icons`; without a label it is hidden from screen readers."""
    named = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        css,
        named,
        mark_safe(_drawing(name)),  # noqa: S308 # a file of this package
    )


@cache
def _drawing(name: str) -> str:
    file = _ICONS / f"{name}.svg"
    if not file.is_file():
        raise template.TemplateSyntaxError(f"No icon {name!r} in {_ICONS}; copy it there from @tabler/icons.")
    shapes = re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", file.read_text())
    return "".join(shape for shape in shapes if 'stroke="none"' not in shape)


@register.inclusion_tag("components/score.html")
def score_badge(
    value: Any,
    band: str | None = None,
    trend: str | None = None,
    *,
    change: Decimal | None = None,
    level: int | None = None,
    name: str = "Score",
    reason: str | None = None,
) -> dict[str, Any]:
    """A score in one glance: value, band in its colour, arrow of its trend.

    value: number or null. trend: rising, falling, stable or null. level: 1 (lowest) to 5, else guessed from the
    band's name. reason: why there is no value. A `CurrentScore` row may be given as value alone.
    """
    if hasattr(value, "band"):
        row = value
        value, band, trend = row.value, row.band, row.trend
        change, reason = getattr(row, "change_30d", None), getattr(row, "reason_null", None)
    return {
        "name": name,
        "value": value,
        "band": band,
        "trend": trend,
        "change": change,
        "level": level or level_of(band),
        "reason": reason,
    }


@register.inclusion_tag("components/avatar.html")
def avatar(name: str | None, size: str = "") -> dict[str, Any]:
    """Initials on one of eight quiet colours, always the same for a name. size: "", sm or lg."""
    words = (name or "").split()
    initials = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words))
    return {"initials": initials.upper() or "?", "hue": zlib.crc32((name or "").encode()) % 8, "size": size}


@register.inclusion_tag("components/sparkline.html")
def sparkline(values: Sequence[float | None], label: str = "", width: int = 96, height: int = 24) -> dict[str, Any]:
    """A line of values, oldest first; null leaves no point. label: what a screen reader is told."""
    known = [(index, float(value)) for index, value in enumerate(values) if value is not None]
    low, high = min((v for _, v in known), default=0.0), max((v for _, v in known), default=0.0)
    span, steps = (high - low) or 1.0, max(len(values) - 1, 1)
    points = [
        (round(2 + index * (width - 4) / steps, 1), round(height - 3 - (value - low) / span * (height - 6), 1))
        for index, value in known
    ]
    return {
        "points": " ".join(f"{x},{y}" for x, y in points),
        "last": points[-1] if points else None,
        "width": width,
        "height": height,
        "label": label,
    }


@register.inclusion_tag("components/change.html")
def change(
    value: Any, *, higher_is_better: bool | None = True, unit: str = "", as_percent: bool = False, than: str = ""
) -> dict[str, Any]:
    """A difference with its arrow, coloured by whether it is good. value: difference or null. than: "last month"."""
    direction = 0 if not value else (1 if value > 0 else -1)
    good = 0 if higher_is_better is None else direction * (1 if higher_is_better else -1)
    text = "" if value is None else wording.percent(abs(value)) if as_percent else wording.number(abs(value))
    return {"known": value is not None, "direction": direction, "good": good, "text": text, "unit": unit, "than": than}


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: object) -> str:
    """This page's query string with some parameters changed; None removes one. A changed list starts at its top."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for key, value in {"after": None, **changes}.items():
        query.pop(key, None)
        if value is not None:
            query[key] = str(value)
    return f"?{query.urlencode(safe='/:')}"
