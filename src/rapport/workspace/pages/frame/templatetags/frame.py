"""Tags and filters of every template, loaded without `{% load %}`.

Filters: number, short_number, money:currency, short_money:currency, percent, day, instant, when, plain.
Tags: icon, score_badge, avatar, sparkline, change, with_query.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rapport.workspace.pages.frame import wording
from rapport.workspace.pages.frame.badges import avatar_html, icon_html, of_row, score_html
from rapport.workspace.pages.frame.levels import level_of

register = template.Library()

register.filter("number", wording.number)
register.filter("short_number", wording.short_number)
register.filter("percent", wording.percent)
register.filter("day", wording.day)
register.filter("instant", wording.instant)
register.filter("level", level_of)


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


register.simple_tag(icon_html, name="icon")
register.simple_tag(avatar_html, name="avatar")


@register.simple_tag
def score_badge(value: Any, band: str | None = None, trend: str | None = None, **more: Any) -> SafeString:
    """A score in one glance. value: a number or null, with band and trend (rising, falling, steady), or a
    `CurrentScore` row alone. More: change (in 30 days), level (1 lowest to 5), name, reason (why there is none)."""
    if hasattr(value, "band"):
        return score_html(**{**of_row(value), **more})
    return score_html(value, band, trend, **more)


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
