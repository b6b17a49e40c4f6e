"""Numbers with either decimal mark, thousands marks, currency signs and per cent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from rapport.workspace.crm.records.values import UnfitError, shown

_PLAIN = re.compile(r"[-+]?\d+(\.\d+)?")
_SIGN_OF_MONEY = "[$€£¥₹₽₩]"
_WORD_OF_MONEY = r"(?:[A-Za-z]{1,3}\.?|zł)"
_DRESSED = re.compile(
    rf"(\()?(?:[A-Za-z]{{0,3}}{_SIGN_OF_MONEY}|{_WORD_OF_MONEY})?([-+])?{_SIGN_OF_MONEY}?"
    r"([\d.,]*\d(?:[.,]\d*)?(?:[eE][-+]?\d+)?)(%)?"
    rf"(?:{_SIGN_OF_MONEY}|{_WORD_OF_MONEY})?(-)?(\))?"
)
_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'\u2019")
_COMMA_DECIMAL = re.compile(r"\d*\.\d{3}(\.\d{3})*,\d+|\d+,(\d{1,2}|\d{4,})")
_POINT_DECIMAL = re.compile(r"\d*,\d{3}(,\d{3})*\.\d+|\d+\.(\d{1,2}|\d{4,})")


def decimal_mark(texts: Iterable[str]) -> str:
    """The decimal mark of a column, by those of its values that can only be read one way; "." where none tells."""
    comma = point = 0
    for text in texts:
        match = _DRESSED.fullmatch(text.translate(_SPACES))
        if match is None:
            continue
        comma += _COMMA_DECIMAL.fullmatch(match[3]) is not None
        point += _POINT_DECIMAL.fullmatch(match[3]) is not None
    return "," if comma > point else "."


def read_decimal(cell: object, *, mark: str) -> Decimal:
    """A number. Raises UnfitError where the cell holds none, or one with the other decimal mark."""
    if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        return cell if isinstance(cell, Decimal) else Decimal(str(cell))
    text = str(cell).strip()
    if mark == "." and _PLAIN.fullmatch(text):
        return Decimal(text)
    match = _DRESSED.fullmatch(text.translate(_SPACES))
    if match is None:
        raise UnfitError(f"{shown(cell)} is no number")
    number = Decimal(_pointed(cell, match[3], mark))
    if match[1] or match[2] == "-" or match[5]:
        number = -number
    return number / 100 if match[4] else number


def _pointed(cell: object, digits: str, mark: str) -> str:
    thousands = "," if mark == "." else "."
    whole, _, rest = digits.partition(mark)
    groups = whole.split(thousands)
    grouped = len(groups) == 1 or (all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3)
    if not grouped or thousands in rest or mark in rest:
        raise UnfitError(f"{shown(cell)} is no number with the decimal mark {mark!r}")
    return f"{''.join(groups) or '0'}.{rest or '0'}"
