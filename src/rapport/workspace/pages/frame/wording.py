"""Numbers, money and times as text, in the language and time zone in force. Null is an en dash."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from math import floor, log10

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NOTHING = "–"
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹"}
_SHORT_FORMS = frozenset({"mql", "sql", "nps", "csat", "ces", "ceo", "cto", "cfo", "rfm", "sla", "vp", "url", "id"})
_STEPS = ((Decimal(10**9), "bn"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))
_AGES = ((60, 1), (3600, 60), (86400, 3600), (86400 * 14, 86400), (86400 * 60, 86400 * 7), (86400 * 730, 86400 * 30))

Number = int | float | Decimal


def number(value: Number | None, places: int | None = None) -> str:
    """1234.5 -> "1,234.5". places: decimals kept; None keeps at most two and no trailing zeros."""
    if value is None:
        return NOTHING
    exact = Decimal(str(value))
    if places is None:
        exact = round(exact, 2)
        places = max(0, -int(exact.normalize().as_tuple().exponent))
    text = formats.number_format(round(exact, places), decimal_pos=places, force_grouping=True)
    return text.replace("-", "−")


def short_number(value: Number | None) -> str:
    """1234567 -> "1.2 M": three digits at most, for tiles and axes."""
    if value is None:
        return NOTHING
    exact = Decimal(str(value))
    for size, letter in _STEPS:
        if abs(exact) >= size:
            scaled = round(exact / size, 1 if abs(exact / size) < 100 else 0)
            return f"{number(scaled)}\u00a0{letter}"
    return number(exact, None if abs(exact) < 100 else 0)


def money(value: Number | None, currency: str | None) -> str:
    """1234.5, "EUR" -> "€1,234.50"; a currency without a sign of its own stands after: "1,234.50 SEK"."""
    if value is None:
        return NOTHING
    exact = Decimal(str(value))
    return _with_currency(number(exact, 0 if exact == exact.to_integral_value() else 2), currency)


def short_money(value: Number | None, currency: str | None) -> str:
    """1234567, "EUR" -> "€1.2 M"."""
    return NOTHING if value is None else _with_currency(short_number(value), currency)


def _with_currency(text: str, currency: str | None) -> str:
    symbol = _SYMBOLS.get(currency or "")
    if symbol:
        return f"−{symbol}{text[1:]}" if text.startswith("−") else f"{symbol}{text}"
    return f"{text}\u00a0{currency}" if currency else text


def percent(fraction: Number | None, places: int | None = None) -> str:
    """0.1234 -> "12.3 %"; two figures are kept below 10 %."""
    if fraction is None:
        return NOTHING
    value = Decimal(str(fraction)) * 100
    if places is None:
        places = (
            0 if abs(value) >= 100 else 1 if value == 0 or abs(value) >= 1 else min(4, 1 - floor(log10(abs(value))))
        )
        if value == value.to_integral_value():
            places = 0
    return f"{number(value, places)}\u00a0%"


def day(value: date | datetime | None) -> str:
    """A date, or the reader's date of an instant: "22 Nov 2026"."""
    if value is None:
        return NOTHING
    return formats.date_format(_local(value), "DATE_FORMAT")


def instant(value: datetime | None) -> str:
    """An instant in the reader's zone, to the minute, with the zone: "22 Nov 2026, 15:34 CET"."""
    if value is None:
        return NOTHING
    local = timezone.localtime(value)
    return f"{formats.date_format(local, 'DATETIME_FORMAT')} {local.tzname() or ''}".strip()


def _local(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def ago(value: datetime | None, now: datetime) -> str:
    """How far away an instant is, in one unit: "3 days ago", "in 2 hours", "just now"; beyond two years, the date."""
    if value is None:
        return NOTHING
    seconds = (now - value).total_seconds()
    size = abs(seconds)
    if size < 60:
        return _("just now")
    step = next((unit for limit, unit in _AGES if size < limit), None)
    if step is None:
        return day(value)
    count = int(size // step)
    words = {
        60: ngettext("%(n)d minute", "%(n)d minutes", count),
        3600: ngettext("%(n)d hour", "%(n)d hours", count),
        86400: ngettext("%(n)d day", "%(n)d days", count),
        86400 * 7: ngettext("%(n)d week", "%(n)d weeks", count),
        86400 * 30: ngettext("%(n)d month", "%(n)d months", count),
    }[step] % {"n": count}
    return _("%(span)s ago") % {"span": words} if seconds > 0 else _("in %(span)s") % {"span": words}


def plain(name: str) -> str:
    """A stored name for people: "lifecycle_stage" -> "Lifecycle stage"."""
    words = name.replace("_", " ").strip()
    first, space, rest = words.partition(" ")
    return f"{first.upper() if first.lower() in _SHORT_FORMS else first[:1].upper() + first[1:]}{space}{rest}"
