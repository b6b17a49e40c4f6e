"""Cells of the rows behind a metric, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rapport.workspace.pages.frame import wording

_HEADINGS = {"at": "When", "id": "Id", "numerator": "Counts", "denominator": "Out of"}
_ENOUGH = 2  # decimals of a column that has any


def heading(column: str) -> str:
    """`contact_id` holds a name by then: "Contact"."""
    return _HEADINGS.get(column) or wording.plain(column.removesuffix("_id"))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def places_of(values: Iterable[Any]) -> int:
    """Decimals of a column of numbers, so that they stand under one another: none where all are whole."""
    return 0 if all(v is None or v == int(v) for v in values) else _ENOUGH


def cell(value: Any, *, places: int | None = None) -> str:
    if value is None:
        return wording.NOTHING
    if is_number(value):
        return wording.number(value, places)
    if isinstance(value, datetime):
        return wording.instant(value)
    if isinstance(value, date):
        return wording.day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
