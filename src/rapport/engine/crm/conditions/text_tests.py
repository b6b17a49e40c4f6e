"""Text tests, evaluated in Python over the distinct values of a field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from rapport.engine.crm.conditions.fold import folded, nfc
from rapport.engine.crm.conditions.grammar import FieldTest
from rapport.engine.crm.conditions.named_lists import named_list
from rapport.engine.crm.conditions.patterns import compiled

Predicate = Callable[[str], bool]


def as_text(operand: object) -> str:
    """An operand as it was written."""
    if isinstance(operand, bool):
        return "true" if operand else "false"
    return format(operand, "f") if isinstance(operand, Decimal) else str(operand)


def predicate(test: FieldTest) -> Predicate:
    """What the test says of a known text."""
    operand = test.operand
    if test.test == "is":
        return folded(as_text(operand)).__eq__
    if test.test == "in":
        return frozenset(folded(as_text(one)) for one in operand).__contains__
    if test.test == "in_list":
        return named_list(operand).__contains__
    if test.test == "present":
        return lambda _: bool(operand)
    part = folded(str(operand))
    return {
        "contains": lambda value: part in value,
        "starts_with": lambda value: value.startswith(part),
        "ends_with": lambda value: value.endswith(part),
    }[test.test]


def truths(tests: Sequence[FieldTest], values: Sequence[str]) -> list[tuple[bool, ...]]:
    """For each known text, what each test says of it."""
    fold = any(test.test != "matches" for test in tests)
    searches = [(compiled(test.matches).search, True) if test.matches else (predicate(test), False) for test in tests]
    found = []
    for value in values:
        plain = nfc(value)
        bent = folded(value) if fold else ""
        found.append(tuple(bool(search(plain if raw else bent)) for search, raw in searches))
    return found
