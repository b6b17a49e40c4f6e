"""Dates and instants in the styles that files have.

2024-03-12 09:14, 2024-03-12T09:14:00.5Z, 2024/3/12, 20240312     year first
12/03/2024, 12-03-24, 12.03.2024 9:14 PM                          day or month first: told for the whole column
12 Mar 2024, Mar 12, 2024, 12-Mar-24                              month by its English name
1710234840, 1710234840123, 45363.38                               unix seconds, milliseconds, Excel's day number
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from rapport.workspace.crm.records.values import UnfitError, shown

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_TIME = (
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}")
_DAY_NAME = re.compile(rf"(\d{{1,2}})[-. ]+([A-Za-z]{{3,9}})\.?[-, ]+(\d{{4}}|\d{{2}}){_TIME}")
_NAME_DAY = re.compile(rf"([A-Za-z]{{3,9}})\.? +(\d{{1,2}}),? +(\d{{4}}){_TIME}")
_NUMBER = re.compile(r"\d{5}(\.\d+)?|\d{9,10}(\.\d+)?|\d{12,13}")
_EXCEL_START = datetime(1899, 12, 30)  # noqa: DTZ001 -- a day number has no zone
_EARLIEST, _LATEST = 1900, 2200

ORDERS = {"dmy": "day/month/year", "mdy": "month/day/year"}


class AmbiguousOrderError(UnfitError):
    """A date that may be day/month or month/day."""


def orders_possible(texts: Iterable[str]) -> set[str]:
    """Which of dmy and mdy the values of a column allow; both where none tells, {} where none is of that style.

    Values are looked at until one order is excluded.
    """
    possible: set[str] = set()
    for text in texts:
        match = _YEAR_LAST.fullmatch(text.strip())
        if match is None:
            continue
        first, second = int(match[1]), int(match[3])
        if match[2] == "." or (first > 12 >= second):
            return {"dmy"}
        if second > 12 >= first:
            return {"mdy"}
        possible = {"dmy", "mdy"}
    return possible


def read_instant(cell: object, *, order: str, zone: tzinfo) -> datetime:
    """An instant in UTC. One without a zone is of `zone`; a day alone is its midnight there. Raises UnfitError."""
    if isinstance(cell, str) and len(cell) > 10 and cell[4:5] == "-":
        try:
            found: date = datetime.fromisoformat(cell)
        except ValueError:
            found = _read(cell, order)
    else:
        found = _read(cell, order)
    if not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day)  # noqa: DTZ001 -- the zone follows
    if not _EARLIEST <= found.year <= _LATEST:
        raise UnfitError(f"{shown(cell)} is not between {_EARLIEST} and {_LATEST}")
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    return found.astimezone(UTC)


def read_date(cell: object, *, order: str, zone: tzinfo) -> date:
    """A day; of an instant with a zone, its day in `zone`. Raises UnfitError."""
    found = _read(cell, order)
    if not _EARLIEST <= found.year <= _LATEST:
        raise UnfitError(f"{shown(cell)} is not between {_EARLIEST} and {_LATEST}")
    if isinstance(found, datetime):
        return (found if found.tzinfo is None else found.astimezone(zone)).date()
    return found


def _read(cell: object, order: str) -> date:
    if isinstance(cell, date):
        return cell
    text = str(cell).strip()
    if match := _YEAR_FIRST.fullmatch(text):
        return _made(cell, match[1], match[2], match[3], match.groups()[3:])
    if match := _YEAR_LAST.fullmatch(text):
        day, month = _ordered(text, match, order)
        return _made(cell, _century(match[4]), month, day, match.groups()[4:])
    if match := _DAY_NAME.fullmatch(text):
        return _made(cell, _century(match[3]), _month(cell, match[2]), match[1], match.groups()[3:])
    if match := _NAME_DAY.fullmatch(text):
        return _made(cell, match[3], _month(cell, match[1]), match[2], match.groups()[3:])
    if _NUMBER.fullmatch(text):
        return _numbered(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise UnfitError(f"{shown(cell)} is no date in a style that is known") from error


def _ordered(text: str, match: re.Match[str], order: str) -> tuple[str, str]:
    """(day, month)"""
    if match[2] == ".":
        order = "dmy"
    if order not in ORDERS:
        raise AmbiguousOrderError(f"{shown(text)} may be day/month or month/day: say which for the whole column")
    return (match[1], match[3]) if order == "dmy" else (match[3], match[1])


def _century(year: str) -> str:
    return year if len(year) == 4 else f"{20 if int(year) < 70 else 19}{year}"


def _month(cell: object, name: str) -> str:
    if name[:3].lower() not in _MONTHS:
        raise UnfitError(f"{shown(cell)} names no month")
    return str(_MONTHS.index(name[:3].lower()) + 1)


def _made(cell: object, year: str, month: str, day: str, time: tuple[str | None, ...]) -> date:
    hour, minute, second, fraction, half, zone = time
    try:
        if hour is None:
            return date(int(year), int(month), int(day))
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        at = datetime(  # noqa: DTZ001 -- the zone follows
            int(year), int(month), int(day), _hour(int(hour), half), int(minute or 0), int(second or 0), micro
        )
    except ValueError as error:
        raise UnfitError(f"{shown(cell)} is no date: {error}") from error
    return at.replace(tzinfo=_offset(zone)) if zone else at


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _offset(text: str) -> tzinfo:
    if text in ("Z", "UTC", "GMT"):
        return UTC
    digits = text.replace(":", "")
    shift = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return timezone(-shift if digits[0] == "-" else shift)


def _numbered(text: str) -> datetime:
    number = float(text)
    if number < 100_000:
        return _EXCEL_START + timedelta(seconds=round(number * 86_400))
    return datetime.fromtimestamp(number / 1000 if number >= 100_000_000_000 else number, UTC)


__all__ = ["ORDERS", "AmbiguousOrderError", "orders_possible", "read_date", "read_instant"]
