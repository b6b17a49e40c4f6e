"""What a column is: its type, whether it may change, and how its first value is dated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import ibis.expr.datatypes as dt
import pyarrow as pa


class Type(StrEnum):
    """The types a column may have. Each has one Ibis and one Arrow type."""

    ID = "id"
    TEXT = "text"
    CHOICE = "choice"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    SCORE = "score"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"
    JSON = "json"


class Change(StrEnum):
    """How a column may change after its row was made.

    IMMUTABLE: never; read from the row.
    CHANGEABLE: any time; read from `attribute_history` only, unknown before its first entry.
    MILESTONE: an instant at which something happened to the row (won, replied, left). It may be
        filled in later, moved or emptied; read from the row and `attribute_history`, and never
        known before the instant itself.
    """

    IMMUTABLE = "immutable"
    CHANGEABLE = "changeable"
    MILESTONE = "milestone"


IBIS_TYPES: Mapping[Type, dt.DataType] = {
    Type.ID: dt.string,
    Type.TEXT: dt.string,
    Type.CHOICE: dt.string,
    Type.INTEGER: dt.int64,
    Type.NUMBER: dt.float64,
    Type.MONEY: dt.Decimal(18, 4),
    Type.SCORE: dt.Decimal(18, 6),
    Type.BOOLEAN: dt.boolean,
    Type.INSTANT: dt.Timestamp(timezone="UTC", scale=6),
    Type.DATE: dt.date,
    Type.JSON: dt.string,
}

ARROW_TYPES: Mapping[Type, pa.DataType] = {
    Type.ID: pa.string(),
    Type.TEXT: pa.string(),
    Type.CHOICE: pa.string(),
    Type.INTEGER: pa.int64(),
    Type.NUMBER: pa.float64(),
    Type.MONEY: pa.decimal128(18, 4),
    Type.SCORE: pa.decimal128(18, 6),
    Type.BOOLEAN: pa.bool_(),
    Type.INSTANT: pa.timestamp("us", tz="UTC"),
    Type.DATE: pa.date32(),
    Type.JSON: pa.string(),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a CRM table.

    Attributes:
        choices: the values allowed, when the type is CHOICE.
        refers_to: the table (plural) whose `id` this column holds.
        required: a row without it is refused at import.
        dated_by: the instant column that dates a first value, by value (`*` for any other):
            {"won": "closed_at"} says that an imported `won` holds from `closed_at` on. Where it
            has no entry, a first value holds from the source's modified time, else the import.
    """

    name: str
    type: Type
    description: str
    change: Change = Change.CHANGEABLE
    choices: tuple[str, ...] = ()
    refers_to: str | None = None
    required: bool = False
    unit: str | None = None
    dated_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def ibis_type(self) -> dt.DataType:
        return IBIS_TYPES[self.type]

    @property
    def arrow_type(self) -> pa.DataType:
        return ARROW_TYPES[self.type]


def key(
    name: str, refers_to: str | None, description: str, *, required: bool = False, change: Change = Change.CHANGEABLE
) -> Column:
    return Column(
        name=name, type=Type.ID, description=description, refers_to=refers_to, required=required, change=change
    )


def text(name: str, description: str, *, required: bool = False, change: Change = Change.CHANGEABLE) -> Column:
    return Column(name=name, type=Type.TEXT, description=description, required=required, change=change)


def choice(
    name: str,
    choices: tuple[str, ...],
    description: str,
    *,
    dated_by: Mapping[str, str] | None = None,
    required: bool = False,
    change: Change = Change.CHANGEABLE,
) -> Column:
    return Column(
        name=name,
        type=Type.CHOICE,
        description=description,
        choices=choices,
        dated_by=dated_by or {},
        required=required,
        change=change,
    )


def integer(name: str, description: str, *, unit: str | None = None, change: Change = Change.CHANGEABLE) -> Column:
    return Column(name=name, type=Type.INTEGER, description=description, unit=unit, change=change)


def number(name: str, description: str, *, unit: str | None = None, change: Change = Change.CHANGEABLE) -> Column:
    return Column(name=name, type=Type.NUMBER, description=description, unit=unit, change=change)


def money(name: str, description: str, *, change: Change = Change.CHANGEABLE, required: bool = False) -> Column:
    return Column(
        name=name, type=Type.MONEY, description=description, unit="currency", change=change, required=required
    )


def boolean(name: str, description: str, *, change: Change = Change.CHANGEABLE) -> Column:
    return Column(name=name, type=Type.BOOLEAN, description=description, change=change)


def instant(name: str, description: str, *, change: Change = Change.MILESTONE, required: bool = False) -> Column:
    return Column(name=name, type=Type.INSTANT, description=description, unit="UTC", change=change, required=required)


def date(name: str, description: str, *, change: Change = Change.CHANGEABLE) -> Column:
    return Column(name=name, type=Type.DATE, description=description, change=change)


def json(name: str, description: str, *, change: Change = Change.CHANGEABLE) -> Column:
    return Column(name=name, type=Type.JSON, description=description, change=change)


def currency(*, change: Change = Change.CHANGEABLE) -> Column:
    return text("currency", "ISO 4217 currency of the amounts in this row", change=change)
