"""For each mapped column, what reads its cells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from typing import Any

from rapport.engine.crm.tables import TABLES, Column, Type
from rapport.workspace.crm.intake.mapping.mapping import MappedColumn, Mapping
from rapport.workspace.crm.intake.mapping.names import fold
from rapport.workspace.crm.intake.values.choices import FALSE, TRUE, meanings
from rapport.workspace.crm.intake.values.dates import read_date, read_instant
from rapport.workspace.crm.intake.values.numbers import read_decimal
from rapport.workspace.crm.intake.values.persons import domain_of, read_email, read_phone
from rapport.workspace.crm.records.values import UnfitError, property_text, shown

Reader = Callable[[Any], Any]

EMPTY = frozenset({"null", "\\n", "n/a", "#n/a", "nan", "none", "-", "nat"})
"""Words for nothing, in columns that are not text."""


class UnknownWordError(UnfitError):
    """A word that is none of the choices of its column."""


def reader(mapping: Mapping, column: MappedColumn, *, zone: tzinfo) -> Reader:
    """A function of a non-empty cell; gives None for a word that means nothing, raises UnfitError."""
    if column.target.startswith("properties."):
        return _kept
    if column.by:
        return _key_reader(column.by)
    if column.target in ("close_date", "modified_at"):
        return _or_empty(lambda cell: read_instant(cell, order=column.dates, zone=zone))
    if column.target in ("is_won", "is_closed", "is_deleted"):
        return _or_empty(_boolean)
    if column.target in ("full_name", "website"):
        return _text
    return _typed(mapping, TABLES[mapping.table].columns[column.target], column, zone)


def _typed(mapping: Mapping, declared: Column, column: MappedColumn, zone: tzinfo) -> Reader:
    special = _SPECIAL.get((mapping.table, declared.name)) or _SPECIAL.get(("", declared.name))
    if special is not None:
        return special(mapping)
    if declared.type is Type.CHOICE:
        return _chooser(mapping.table, column)
    if declared.type is Type.INSTANT:
        return _or_empty(lambda cell: read_instant(cell, order=column.dates, zone=zone))
    if declared.type is Type.DATE:
        return _or_empty(lambda cell: read_date(cell, order=column.dates, zone=zone))
    if declared.type is Type.BOOLEAN:
        return _or_empty(_boolean)
    if declared.type in (Type.MONEY, Type.SCORE):
        return _or_empty(lambda cell: read_decimal(cell, mark=column.decimal))
    if declared.type is Type.NUMBER:
        scale = 100 if column.percent else 1
        return _or_empty(lambda cell: float(read_decimal(cell, mark=column.decimal) / scale))
    if declared.type is Type.INTEGER:
        return _or_empty(lambda cell: read_decimal(cell, mark=column.decimal))
    return _listed if declared.type is Type.JSON else _text


def _or_empty(read: Reader) -> Reader:
    def or_empty(cell: Any) -> Any:
        if isinstance(cell, str) and cell.strip().lower() in EMPTY:
            return None
        return read(cell)

    return or_empty


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, (date, datetime)) else str(cell)


def _kept(cell: Any) -> str | None:
    return cell.strip() if isinstance(cell, str) else property_text(cell)


def _boolean(cell: Any) -> bool:
    word = str(cell).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise UnfitError(f"{shown(cell)} is neither yes nor no")


def _chooser(table: str, column: MappedColumn) -> Reader:
    known = meanings(table, column.target, column.values)
    read: dict[str, str | None] = {}

    def choose(cell: Any) -> str | None:
        text = _text(cell)
        if text not in read:
            choice = known.get(fold(text))
            if choice is None:
                choices = ", ".join(TABLES[table].columns[column.target].choices)
                raise UnknownWordError(f"{column.target} cannot be {shown(text)}; allowed: {choices}")
            read[text] = choice or None
        return read[text]

    return choose


def _key_reader(by: str) -> Reader:
    """The name of another row: of several ids joined by `;` the first."""
    if by == "email":
        return lambda cell: read_email(cell) if "@" in str(cell) else None
    if by == "external_id":
        return lambda cell: _text(cell).split(";")[0].strip() or None
    return _text


def _listed(cell: Any) -> Any:
    """Tags: a list, however it is written."""
    if isinstance(cell, (list, dict)):
        return cell
    return [part.strip().strip("\"'") for part in _text(cell).strip("[]").replace(";", ",").split(",") if part.strip()]


_SPECIAL: dict[tuple[str, str], Callable[[Mapping], Reader]] = {
    ("", "email"): lambda mapping: _or_empty(read_email),
    ("", "phone"): lambda mapping: lambda cell: read_phone(_text(cell), country=mapping.country),
    ("accounts", "domain"): lambda mapping: lambda cell: domain_of(_text(cell)),
    ("", "currency"): lambda mapping: lambda cell: _text(cell).upper(),
}
