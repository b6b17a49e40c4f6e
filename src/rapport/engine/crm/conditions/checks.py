"""What can be wrong with a condition before any data is seen: fields, types, patterns, lists, dates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from rapport.engine.crm.conditions.fields import FieldRef, Nature, check, is_text_test, subject_field, table_field
from rapport.engine.crm.conditions.grammar import Condition, EventMatch, FieldTest, No, Related, walk
from rapport.engine.crm.conditions.named_lists import named_list
from rapport.engine.crm.conditions.patterns import compiled
from rapport.engine.crm.events import table_of
from rapport.engine.crm.tables import TABLES, Table
from rapport.engine.errors import DefinitionError


def check_condition(condition: Condition | None, *, subject: str) -> None:
    """Raises: DefinitionError for the first thing that is wrong with a condition on a subject."""
    for part in walk(condition):
        if isinstance(part, FieldTest):
            _check_test(part, subject_field(part.field, subject=subject))
        elif isinstance(part, No):
            check_event(part.no)
        elif isinstance(part, Related):
            table = TABLES[part.related.partition(".")[2]]
            _check_where(part.where, table)
            if part.of and table_field(part.of, table).nature not in (Nature.NUMBER, Nature.PROPERTY):
                raise DefinitionError("Only numbers are summed and compared.", where=part.related, received=part.of)


def check_event(match: EventMatch) -> None:
    """The same for what is looked for among events."""
    _check_where(match.where, TABLES[table_of(match.event)])


def check_map(path: str, keys: list[str], *, subject: str) -> None:
    """The same for the values of a field that are mapped."""
    nature = subject_field(path, subject=subject).nature
    if nature in (Nature.DATE, Nature.INSTANT):
        raise DefinitionError("Dates are tested with within_days and the like, not mapped.", received=path)
    for key in keys:
        if nature is Nature.BOOLEAN and key not in ("true", "false"):
            raise DefinitionError("This field is true or false.", where=path, received=key, allowed=["true", "false"])
        if nature is Nature.NUMBER:
            _number(key, path)


def _check_where(where: Condition | None, table: Table) -> None:
    for part in walk(where):
        if isinstance(part, FieldTest):
            _check_test(part, table_field(part.field, table))


def _check_test(test: FieldTest, ref: FieldRef) -> None:
    check(test, ref)
    if test.matches is not None:
        compiled(test.matches)
    if test.in_list is not None:
        named_list(test.in_list)
    if test.test not in ("is", "in") or is_text_test(test, ref):
        return
    for operand in test.in_ if test.in_ is not None else (test.is_,):
        if ref.nature is Nature.DATE:
            _date(str(operand), test.field)
        elif ref.nature is Nature.BOOLEAN and not isinstance(operand, bool):
            raise DefinitionError("This field is true or false.", where=test.field, received=operand)
        elif ref.nature is Nature.NUMBER and not isinstance(operand, Decimal):
            raise DefinitionError("A number is compared with a number.", where=test.field, received=operand)


def _date(written: str, place: str) -> None:
    try:
        date.fromisoformat(written)
    except ValueError:
        raise DefinitionError("A date is written 2024-12-31.", where=place, received=written) from None


def _number(written: str, place: str) -> None:
    try:
        Decimal(written)
    except InvalidOperation:
        raise DefinitionError("A number is compared with a number.", where=place, received=written) from None
