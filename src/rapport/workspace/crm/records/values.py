"""Values of columns: made sure of before they are written, and as text in `attribute_history`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from rapport.engine.crm.tables import TABLES, Column, Type
from rapport.workspace.crm.records.table_models import model_of

Cleaner = Callable[[Any], Any]

_INTEGER_LIMIT = 2**63
TEXT_LIMIT = 1_000_000


class UnfitError(ValueError):
    """A value that its column cannot take; the message says why, for people."""


@cache
def cleaners(table: str) -> Mapping[str, Cleaner]:
    """For each column of a table, what turns a non-null value into the column's type or raises UnfitError."""
    fields = {field.attname: field for field in model_of(table)._meta.concrete_fields}
    return {
        name: _cleaner(column, getattr(fields.get(name), "max_length", None))
        for name, column in TABLES[table].columns.items()
    }


def _cleaner(column: Column, max_length: int | None) -> Cleaner:
    if column.type is Type.CHOICE:
        return _choice(column)
    if column.type in (Type.TEXT, Type.ID):
        return _text(column.name, max_length or TEXT_LIMIT)
    if column.type in (Type.MONEY, Type.SCORE):
        return _decimal(column.name, 4 if column.type is Type.MONEY else 6)
    return {
        Type.INTEGER: _integer,
        Type.NUMBER: _number,
        Type.BOOLEAN: _boolean,
        Type.INSTANT: _instant,
        Type.DATE: _date,
        Type.JSON: _document,
    }[column.type](column.name)


def _choice(column: Column) -> Cleaner:
    allowed = frozenset(column.choices)

    def clean(value: object) -> object:
        if value in allowed:
            return value
        raise UnfitError(f"{column.name} cannot be {shown(value)}; allowed: {', '.join(column.choices)}")

    return clean


def _text(name: str, limit: int) -> Cleaner:
    def clean(value: object) -> str:
        text = value if isinstance(value, str) else str(value)
        if len(text) > limit:
            raise UnfitError(f"{name} has {len(text):,} characters, at most {limit:,} fit")
        if "\x00" in text:
            raise UnfitError(f"{name} holds a NUL character")
        return text

    return clean


def _decimal(name: str, places: int) -> Cleaner:
    smallest = Decimal(1).scaleb(-places)
    limit = Decimal(2**63 - 1).scaleb(-places)

    def clean(value: object) -> Decimal:
        try:
            number = (value if isinstance(value, Decimal) else Decimal(str(value))).quantize(smallest)
        except InvalidOperation as error:
            raise UnfitError(f"{name} is no number that fits: {shown(value)}") from error
        if not abs(number) <= limit:
            raise UnfitError(f"{name} is too large: {shown(value)}")
        return number

    return clean


def _integer(name: str) -> Cleaner:
    def clean(value: Any) -> int:
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise UnfitError(f"{name} is no whole number: {shown(value)}") from error
        if number != value or not -_INTEGER_LIMIT <= number < _INTEGER_LIMIT:
            raise UnfitError(f"{name} is no whole number that fits: {shown(value)}")
        return number

    return clean


def _number(name: str) -> Cleaner:
    def clean(value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            raise UnfitError(f"{name} is no number: {shown(value)}") from error
        if not math.isfinite(number):
            raise UnfitError(f"{name} is no finite number: {shown(value)}")
        return number

    return clean


def _boolean(name: str) -> Cleaner:
    def clean(value: object) -> bool:
        if value is True or value is False or value in (0, 1):
            return bool(value)
        raise UnfitError(f"{name} is neither true nor false: {shown(value)}")

    return clean


def _instant(name: str) -> Cleaner:
    def clean(value: object) -> datetime:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise UnfitError(f"{name} is no instant with a time zone: {shown(value)}")
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    return clean


def _date(name: str) -> Cleaner:
    def clean(value: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise UnfitError(f"{name} is no date: {shown(value)}")

    return clean


def _document(name: str) -> Cleaner:
    def clean(value: object) -> object:
        if name != "properties":
            return value
        if not isinstance(value, Mapping):
            raise UnfitError(f"{name} is no set of named values: {shown(value)}")
        return {str(key): property_text(member) for key, member in value.items()}

    return clean


def property_text(value: object) -> str | None:
    """A custom field as it is kept: always text, null where it is empty."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    return value.isoformat() if isinstance(value, date) else compact(value)


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_PLAIN: Mapping[Type, Callable[[Any], str]] = {
    Type.ID: str,
    Type.TEXT: str,
    Type.CHOICE: str,
    Type.INTEGER: str,
    Type.NUMBER: repr,
    Type.BOOLEAN: lambda value: "true" if value else "false",
    Type.DATE: lambda value: value.isoformat(),
    Type.INSTANT: lambda value: value.astimezone(UTC).isoformat(timespec="microseconds"),
    Type.MONEY: lambda value: f"{value.normalize():f}",
    Type.SCORE: lambda value: f"{value.normalize():f}",
    Type.JSON: compact,
}


def as_text(kind: Type, value: object) -> str | None:
    """A value as `attribute_history.value` keeps it: instants ISO 8601 with +00:00 and microseconds,
    dates ISO, decimals plain, booleans true / false, JSON compact; null stays null."""
    return None if value is None else _PLAIN[kind](value)


def from_text(kind: Type, text: str | None) -> Any:
    """The value that `as_text` wrote."""
    if text is None or kind in (Type.ID, Type.TEXT, Type.CHOICE):
        return text
    if kind is Type.BOOLEAN:
        return text == "true"
    read: Mapping[Type, Callable[[str], Any]] = {
        Type.INTEGER: int,
        Type.NUMBER: float,
        Type.DATE: date.fromisoformat,
        Type.INSTANT: datetime.fromisoformat,
        Type.MONEY: Decimal,
        Type.SCORE: Decimal,
        Type.JSON: json.loads,
    }
    return read[kind](text)


def shown(value: object, limit: int = 60) -> str:
    """A value in a message, cut short."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text):,} characters)"


__all__ = ["TEXT_LIMIT", "UnfitError", "as_text", "cleaners", "compact", "from_text", "property_text", "shown"]
