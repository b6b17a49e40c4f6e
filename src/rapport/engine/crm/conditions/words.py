"""Conditions in words, for people who read why a score is what it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rapport.engine.crm.conditions.grammar import (
    All,
    AnyOf,
    Condition,
    EventMatch,
    FieldTest,
    InSegment,
    Measure,
    No,
    Not,
    Related,
)
from rapport.engine.crm.conditions.text_tests import as_text

_VERBS = {
    "is": "is",
    "in": "is one of",
    "in_list": "is in the list",
    "contains": "contains",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches",
    "at_least": "is at least",
    "at_most": "is at most",
    "above": "is above",
    "below": "is below",
}
_MEASURES = {
    Measure.COUNT: "number",
    Measure.SUM: "sum",
    Measure.MEAN: "mean",
    Measure.MIN: "smallest",
    Measure.MAX: "largest",
}


def condition_words(condition: Condition) -> str:
    """`title starts with Head or seniority is one of vp, director`."""
    if isinstance(condition, All):
        return " and ".join(_inner(part) for part in condition.all)
    if isinstance(condition, AnyOf):
        return " or ".join(_inner(part) for part in condition.any)
    if isinstance(condition, Not):
        return f"not ({condition_words(condition.not_)})"
    if isinstance(condition, No):
        return f"no {event_words(condition.no)}{_ever(condition.no)}"
    if isinstance(condition, InSegment):
        return f"in the segment {condition.segment}"
    if isinstance(condition, Related):
        return _related_words(condition)
    return _test_words(condition)


def event_words(match: EventMatch) -> str:
    """`page view (url path starts with /pricing)`."""
    name = "activity" if match.event == "any" else match.event.replace("_", " ")
    return f"{name} ({condition_words(match.where)})" if match.where is not None else name


def field_words(path: str) -> str:
    """`account.email_domain` as `account email domain`; a contact's and an event's own fields by name alone."""
    return path.removeprefix("contact.").removeprefix("properties.").replace(".", " ").replace("_", " ")


def value_words(value: Any) -> str:
    """A value as people write it; `unknown` for none."""
    if value is None:
        return "unknown"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return f"{value:g}" if isinstance(value, float) else as_text(value)


def _test_words(test: FieldTest) -> str:
    field, operand = field_words(test.field), test.operand
    if test.test == "present":
        return f"{field} is {'known' if operand else 'unknown'}"
    if test.test == "between":
        return f"{field} {_between(operand)}"
    if test.within_days is not None:
        return f"{field} is within the last {operand} days"
    if test.older_than_days is not None:
        return f"{field} is {operand} days ago or more"
    if test.in_next_days is not None:
        return f"{field} is in the next {operand} days"
    return f"{field} {_VERBS[test.test]} {_operand(operand)}"


def _related_words(part: Related) -> str:
    owner, _, table = part.related.partition(".")
    others = f"{table} of the {owner}" + (f" where {condition_words(part.where)}" if part.where is not None else "")
    if part.measure is Measure.ANY:
        return f"there are {others}"
    of = f" {field_words(part.of)}" if part.of else ""
    bound = _between(part.operand) if part.test == "between" else f"{_VERBS[part.test]} {_operand(part.operand)}"
    return f"{_MEASURES[part.measure]}{of} of {others} {bound}"


def _inner(condition: Condition) -> str:
    words = condition_words(condition)
    return f"({words})" if isinstance(condition, All | AnyOf) else words


def _between(ends: Any) -> str:
    low, high = ends
    if high is None:
        return f"is at least {_operand(low)}" if low is not None else "is known"
    return f"is at most {_operand(high)}" if low is None else f"is between {_operand(low)} and {_operand(high)}"


def _operand(operand: Any) -> str:
    return ", ".join(map(_operand, operand)) if isinstance(operand, tuple) else value_words(operand)


def _ever(match: EventMatch) -> str:
    return f" for {match.within_days} days" if match.within_days else " ever"
