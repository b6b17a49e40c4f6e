"""HubSpot's property operations beside our tests of a field.

`includeObjectsWithNoValueSet` says whether records without a value pass; here a test of an unknown value is
unknown and does not fire, so that passing is `{any: [test, {field, present: false}]}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rapport.engine.crm.conditions.grammar import All, AnyOf, Condition, FieldTest, Not
from rapport.engine.scores.points.hubspot.exchanged import CannotCarry, Json
from rapport.engine.scores.points.hubspot.names import ENUMERATIONS

_NUMBERS = {
    "IS_EQUAL_TO": "is",
    "IS_GREATER_THAN": "above",
    "IS_GREATER_THAN_OR_EQUAL_TO": "at_least",
    "IS_LESS_THAN": "below",
    "IS_LESS_THAN_OR_EQUAL_TO": "at_most",
}
_TEXTS = {"CONTAINS": "contains", "STARTS_WITH": "starts_with", "ENDS_WITH": "ends_with"}
_DAYS = {
    "IS_LESS_THAN_X_DAYS_AGO": "within_days",
    "IS_MORE_THAN_X_DAYS_AGO": "older_than_days",
    "IS_LESS_THAN_X_DAYS_FROM_NOW": "in_next_days",
}
_OPPOSITES = {
    "IS_NOT_EQUAL_TO": "IS_EQUAL_TO",
    "DOES_NOT_CONTAIN": "CONTAINS",
    "IS_NONE_OF": "IS_ANY_OF",
    "IS_NOT_BETWEEN": "IS_BETWEEN",
}
_NEGATIVE = {positive: negative for negative, positive in _OPPOSITES.items()}
_NUMBER_NAMES = {test: operator for operator, test in _NUMBERS.items()}
_TEXT_NAMES = {test: operator for operator, test in _TEXTS.items()}
_DAY_NAMES = {test: operator for operator, test in _DAYS.items()}
_FLIPPED = {"above": "at_most", "at_most": "above", "below": "at_least", "at_least": "below"}
_LARGEST = 2**63 - 1


def condition_of(field: str, operation: Json) -> Condition:
    """A property operation as a condition. Raises: CannotCarry."""
    kind, operator = str(operation.get("operationType")), str(operation.get("operator"))
    if kind == "ALL_PROPERTY":
        return _presence(field, operator)
    positive = _OPPOSITES.get(operator, operator)
    condition = _test(field, kind, positive, operation)
    if positive != operator:
        condition = Not(not_=condition)
    if operation.get("includeObjectsWithNoValueSet"):
        return AnyOf(any=(condition, FieldTest(field=field, present=False)))
    return condition


def opposite(condition: Condition) -> Condition:
    """True where the condition is false, unknown where it is unknown; in a form that HubSpot has, if there is one."""
    if isinstance(condition, Not):
        return condition.not_
    if isinstance(condition, FieldTest) and condition.present is not None:
        return FieldTest(field=condition.field, present=not condition.present)
    if isinstance(condition, FieldTest) and condition.test in _FLIPPED:
        return _field_test(condition.field, _FLIPPED[condition.test], condition.operand)
    if isinstance(condition, AnyOf) and _or_missing(condition):
        return All(all=tuple(opposite(part) for part in condition.any))
    return Not(not_=condition)


def _or_missing(condition: AnyOf) -> bool:
    last = condition.any[-1]
    return isinstance(last, FieldTest) and last.present is False and len(condition.any) == 2


def values_of(operation: Json) -> list[str] | None:
    """The values that an operation asks for equality with; None for any other operation."""
    kind, operator = operation.get("operationType"), operation.get("operator")
    if operation.get("includeObjectsWithNoValueSet"):
        return None
    if (kind, operator) in (("MULTISTRING", "IS_EQUAL_TO"), ("ENUMERATION", "IS_ANY_OF")):
        return [str(value) for value in operation["values"]]
    if operator == "IS_EQUAL_TO" and kind in ("STRING", "NUMBER"):
        return [str(operation["value"])]
    if operator == "IS_EQUAL_TO" and kind == "BOOL":
        return ["true" if operation["value"] else "false"]
    return None


def _presence(field: str, operator: str) -> Condition:
    if operator not in ("IS_KNOWN", "IS_UNKNOWN"):
        raise CannotCarry(f"the operation {operator} has no counterpart")
    return FieldTest(field=field, present=operator == "IS_KNOWN")


def _test(field: str, kind: str, operator: str, operation: Json) -> Condition:
    if kind == "NUMBER" and operator in _NUMBERS:
        return _field_test(field, _NUMBERS[operator], Decimal(str(operation["value"])))
    if kind == "NUMBER_RANGED" and operator == "IS_BETWEEN":
        bounds = Decimal(str(operation["lowerBound"])), Decimal(str(operation["upperBound"]))
        return _field_test(field, "between", bounds)
    if kind == "BOOL" and operator == "IS_EQUAL_TO":
        return _field_test(field, "is", bool(operation["value"]))
    if kind in ("MULTISTRING", "STRING", "ENUMERATION"):
        return _text_test(field, operator, operation)
    if kind == "ROLLING_DATE_RANGE" and operator in _DAYS:
        return _field_test(field, _DAYS[operator], int(operation["numberOfDays"]))
    raise CannotCarry(f"the operation {kind} {operator} has no counterpart")


def _text_test(field: str, operator: str, operation: Json) -> Condition:
    values = [str(operation["value"])] if "value" in operation else [str(v) for v in operation.get("values", ())]
    if not values or not all(values):
        raise CannotCarry("a text operation without a value says nothing")
    if operator in ("IS_EQUAL_TO", "IS_ANY_OF"):
        return _field_test(field, "is", values[0]) if len(values) == 1 else _field_test(field, "in", tuple(values))
    if operator in _TEXTS:
        tests = tuple(_field_test(field, _TEXTS[operator], value) for value in values)
        return tests[0] if len(tests) == 1 else AnyOf(any=tests)
    raise CannotCarry(f"the operation {operator} has no counterpart")


def _field_test(field: str, test: str, operand: object) -> FieldTest:
    return FieldTest.model_validate({"field": field, test: operand})


def operation_of(condition: Condition, property_name: str) -> Json:
    """A condition on one field as a property operation. Raises: CannotCarry."""
    if isinstance(condition, AnyOf):
        return _any_of(condition, property_name)
    if isinstance(condition, Not):
        return _negated(condition, property_name)
    if not isinstance(condition, FieldTest):
        raise CannotCarry("only tests on fields are property operations")
    return _operation(condition, property_name)


def _any_of(condition: AnyOf, property_name: str) -> Json:
    if _or_missing(condition):
        return {**operation_of(condition.any[0], property_name), "includeObjectsWithNoValueSet": True}
    tests = [part for part in condition.any if isinstance(part, FieldTest)]
    kinds = {part.test for part in tests}
    if len(tests) == len(condition.any) and len(kinds) == 1 and kinds <= set(_TEXT_NAMES):
        return _texts(_TEXT_NAMES[kinds.pop()], [part.operand for part in tests], property_name)
    raise CannotCarry("HubSpot joins conditions by AND only")


def _negated(condition: Not, property_name: str) -> Json:
    operation = operation_of(condition.not_, property_name)
    operator = operation["operator"]
    if operator not in _NEGATIVE or operation["includeObjectsWithNoValueSet"]:
        raise CannotCarry("HubSpot has no opposite of this test")
    return {**operation, "operator": _NEGATIVE[operator]}


def _operation(test: FieldTest, property_name: str) -> Json:
    operand = test.operand
    if test.test == "present":
        return _said("ALL_PROPERTY", "IS_KNOWN" if operand else "IS_UNKNOWN")
    if test.test in ("is", "in"):
        return _equality(list(operand) if test.test == "in" else [operand], property_name)
    if test.test in _NUMBER_NAMES:
        return _said("NUMBER", _NUMBER_NAMES[test.test], value=number(operand))
    if test.test == "between":
        return _between(*operand)
    if test.test in _TEXT_NAMES:
        return _texts(_TEXT_NAMES[test.test], [operand], property_name)
    if test.test in _DAY_NAMES:
        return _said(
            "ROLLING_DATE_RANGE", _DAY_NAMES[test.test], numberOfDays=operand, requiresTimeZoneConversion=False
        )
    raise CannotCarry(f"HubSpot has no test like {test.test}")


def _equality(values: Sequence[Any], property_name: str) -> Json:
    if len(values) == 1 and isinstance(values[0], bool):
        return _said("BOOL", "IS_EQUAL_TO", value=values[0])
    if len(values) == 1 and isinstance(values[0], Decimal):
        return _said("NUMBER", "IS_EQUAL_TO", value=number(values[0]))
    if not all(isinstance(value, str) for value in values):
        raise CannotCarry("HubSpot compares a number with one value only")
    return _texts("IS_EQUAL_TO", values, property_name)


def _texts(operator: str, values: Sequence[str], property_name: str) -> Json:
    if operator == "IS_EQUAL_TO" and property_name in ENUMERATIONS:
        return _said("ENUMERATION", "IS_ANY_OF", values=list(values))
    return _said("MULTISTRING", operator, values=list(values))


def _between(low: Decimal | None, high: Decimal | None) -> Json:
    if low is None and high is None:
        return _said("ALL_PROPERTY", "IS_KNOWN")
    if low is None or high is None:
        return _operation_of_bound(low, high)
    if low != int(low) or high != int(high) or max(abs(low), abs(high)) > _LARGEST:
        raise CannotCarry("HubSpot's ranges are of whole numbers")
    return _said("NUMBER_RANGED", "IS_BETWEEN", lowerBound=int(low), upperBound=int(high))


def _operation_of_bound(low: Decimal | None, high: Decimal | None) -> Json:
    if low is not None:
        return _said("NUMBER", "IS_GREATER_THAN_OR_EQUAL_TO", value=number(low))
    assert high is not None
    return _said("NUMBER", "IS_LESS_THAN_OR_EQUAL_TO", value=number(high))


def _said(kind: str, operator: str, **more: Any) -> Json:
    return {"operationType": kind, "operator": operator, **more, "includeObjectsWithNoValueSet": False}


def number(value: Decimal) -> int | float:
    """A decimal as JSON writes it."""
    return int(value) if value == int(value) else float(value)


def field_names(condition: Condition) -> set[str]:
    """The fields that a condition on fields names."""
    if isinstance(condition, FieldTest):
        return {condition.field}
    if isinstance(condition, Not):
        return field_names(condition.not_)
    parts: Sequence[Condition] = getattr(condition, "all", None) or getattr(condition, "any", None) or ()
    return {name for part in parts for name in field_names(part)}
