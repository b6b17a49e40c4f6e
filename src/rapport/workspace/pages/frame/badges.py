"""A score's badge and a person's initials: small parts that a list draws by the hundred, so without templates."""

from __future__ import annotations

import re
import zlib
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import TemplateSyntaxError
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from rapport.engine.scores.explanation import shown
from rapport.workspace.pages.frame import wording
from rapport.workspace.pages.frame.levels import level_of

_ICONS = Path(settings.PACKAGE) / "static" / "vendor" / "tabler-icons"
_ARROWS = {"rising": ("arrow-up-right", "trend-up"), "falling": ("arrow-down-right", "trend-down")}


def icon_html(name: str, label: str = "", css: str = "") -> SafeString:
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
        raise TemplateSyntaxError(f"No icon {name!r} in {_ICONS}; copy it there from @tabler/icons.")
    shapes = re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", file.read_text())
    return "".join(shape for shape in shapes if 'stroke="none"' not in shape)


def score_html(
    value: Decimal | float | None,
    band: str | None = None,
    trend: str | None = None,
    *,
    change: Decimal | None = None,
    level: int | None = None,
    name: str = "Score",
    reason: str | None = None,
) -> SafeString:
    """A score in one glance: value, band in its colour (level 1 to 5), arrow of its trend. reason: why no value.

    The value is cut to two decimals as in its explanation, so that it never shows a band that it has not.
    """
    if value is None:
        why = f": {wording.plain(reason)}" if reason else ""
        return format_html(
            '<span class="score score-none" title="No value{}">–<span class="visually-hidden">{}: no value{}</span>'
            "</span>",
            why,
            name,
            why,
        )
    return format_html(
        '<span class="score score-{}" title="{}"><span class="visually-hidden">{} </span>'
        '<span class="score-value">{}</span>{}{}</span>',
        level or level_of(band),
        f"{name}{_changed(change)}",
        name,
        wording.number(shown(Decimal(str(value)))),
        format_html('<span class="score-band">{}</span>', wording.plain(band)) if band else "",
        _arrow(trend),
    )


def _changed(change: Decimal | None) -> str:
    return "" if change is None else f": {'+' if change > 0 else ''}{wording.number(change)} in 30 days"


@cache
def _arrow(trend: str | None) -> SafeString:
    if trend not in _ARROWS:
        return SafeString("")
    name, css = _ARROWS[trend]
    return icon_html(name, trend, css)


@lru_cache(maxsize=4096)
def avatar_html(name: str | None, size: str = "") -> SafeString:
    """Initials on one of eight quiet colours, always the same for a name. size: "", xs, sm or lg."""
    words = (name or "").split()
    initials = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
    hue = zlib.crc32((name or "").encode()) % 8
    css = f" avatar-mark-{size}" if size else ""
    return format_html('<span class="avatar-mark hue-{}{}" aria-hidden="true">{}</span>', hue, css, initials or "?")


def of_row(row: Any) -> dict[str, Any]:
    """The arguments of `score_html` from a `CurrentScore`."""
    return {
        "value": row.value,
        "band": row.band,
        "trend": row.trend,
        "change": getattr(row, "change_30d", None),
        "reason": getattr(row, "reason_null", None),
    }
