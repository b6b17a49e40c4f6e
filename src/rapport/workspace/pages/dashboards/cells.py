"""Cells of the rows behind a metric, in words."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rapport.workspace.pages.frame import wording

_HEADINGS = {"at": "When", "id": "Id", "numerator": "Counts", "denominator": "Out of"}


def heading(column: str) -> str:
    """`contact_id` holds a name by then: "Contact"."""
    return _HEADINGS.get(column) or wording.plain(column.removesuffix("_id"))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def cell(value: Any) -> str:
    if value is None:
        return wording.NOTHING
    if is_number(value):
        return wording.number(value)
    if isinstance(value, datetime):
        return wording.instant(value)
    if isinstance(value, date):
        return wording.day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
