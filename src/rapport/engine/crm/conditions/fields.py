"""Fields that conditions name: where they are read, and which tests their type takes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.conditions.grammar import DAY_TESTS, NUMBER_TESTS, TEXT_TESTS, FieldTest
from rapport.engine.crm.tables import BY_ENTITY, TABLES, Table, Type
from rapport.engine.errors import DefinitionError

DERIVED = {"contact.email_domain": "email"}  # what stands behind the @
REACHABLE = {"contact": ("contact", "account"), "account": ("account",), "deal": ("deal", "account", "contact")}


class Nature(StrEnum):
    """What a field's values are; `PROPERTY` is text of a JSON member that may hold a number."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    PROPERTY = "property"


_NATURES = {
    **dict.fromkeys((Type.ID, Type.TEXT, Type.CHOICE, Type.JSON), Nature.TEXT),
    **dict.fromkeys((Type.INTEGER, Type.NUMBER, Type.MONEY, Type.SCORE), Nature.NUMBER),
    Type.BOOLEAN: Nature.BOOLEAN,
    Type.DATE: Nature.DATE,
    Type.INSTANT: Nature.INSTANT,
}
_TESTS = {
    Nature.TEXT: ("is", "in", *TEXT_TESTS, "present"),
    Nature.NUMBER: ("is", "in", *NUMBER_TESTS, "present"),
    Nature.BOOLEAN: ("is", "present"),
    Nature.DATE: ("is", "in", *DAY_TESTS, "present"),
    Nature.INSTANT: (*DAY_TESTS, "present"),
    Nature.PROPERTY: ("is", "in", *TEXT_TESTS, *NUMBER_TESTS, "present"),
}


@dataclass(frozen=True)
class FieldRef:
    """A field of a table.

    Attributes:
        column: what to read, `properties.<key>` for what is no column.
        nature: decides which tests it takes.
    """

    path: str
    table: str
    column: str
    nature: Nature

    @property
    def entity(self) -> str:
        return TABLES[self.table].entity


def subject_field(path: str, *, subject: str) -> FieldRef:
    """A field of a subject, `contact.title`. Raises: DefinitionError where the subject has no such thing."""
    entity, dot, column = path.partition(".")
    if not dot or entity not in REACHABLE[subject]:
        raise DefinitionError(
            f"A field of a {subject} begins with its table.",
            received=path,
            allowed=[f"{entity}.{path.split('.')[-1]}" for entity in REACHABLE[subject]],
        )
    return table_field(column, BY_ENTITY[entity], path=path)


def table_field(column: str, table: Table, *, path: str | None = None) -> FieldRef:
    """A field of a table by its bare name; what is no column is a property."""
    path = path or column
    if path in DERIVED or (table.entity == "contact" and f"contact.{column}" in DERIVED):
        return FieldRef(path, table.name, column, Nature.TEXT)
    if column in table.columns:
        return FieldRef(path, table.name, column, _NATURES[table.columns[column].type])
    key = column.removeprefix("properties.")
    if "properties" not in table.columns or not key or set(key) & set("\"'\\$[]"):
        raise DefinitionError(f"{table.name} has no such column.", received=column, allowed=sorted(table.columns))
    return FieldRef(path, table.name, f"properties.{key}", Nature.PROPERTY)


def read_column(ref: FieldRef) -> str:
    """The column that the view is asked for."""
    return DERIVED.get(f"{ref.entity}.{ref.column}", ref.column)


def value_of(column: ir.Value, ref: FieldRef) -> ir.Value:
    """The field's value from the column that was read."""
    if f"{ref.entity}.{ref.column}" in DERIVED:
        at = column.find("@")
        return ibis.ifelse(at >= 0, column.substr(at + 1), ibis.null("string")).nullif("")
    return column


def check(test: FieldTest, ref: FieldRef) -> None:
    """Raises: DefinitionError where the field's type does not take the test."""
    if test.test not in _TESTS[ref.nature]:
        raise DefinitionError(
            f"{ref.path} is a {ref.nature} and does not take this test.",
            where=ref.path,
            received=test.test,
            allowed=_TESTS[ref.nature],
        )


def is_text_test(test: FieldTest, ref: FieldRef) -> bool:
    """Whether the test is evaluated in Python over distinct values."""
    if ref.nature is Nature.TEXT:
        return True
    if ref.nature is not Nature.PROPERTY or test.test in NUMBER_TESTS:
        return False
    operands = test.in_ if test.in_ is not None else (test.is_,)
    return not (test.test in ("is", "in") and all(isinstance(one, Decimal) for one in operands))
