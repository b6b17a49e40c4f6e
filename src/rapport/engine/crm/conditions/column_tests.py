"""Tests on numbers, days and booleans, as columns. A null value gives null: unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.conditions.fields import FieldRef, Nature
from rapport.engine.crm.conditions.grammar import FieldTest
from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.errors import DefinitionError


def column_test(test: FieldTest, value: ir.Value, ref: FieldRef, *, as_of: datetime, time_zone: str) -> ir.BooleanValue:
    """The test on a column of the field's values."""
    if test.test == "present":
        return value.notnull() if test.present else value.isnull()
    if ref.nature is Nature.BOOLEAN:
        return value == ibis.literal(_boolean(test))
    if ref.nature in (Nature.DATE, Nature.INSTANT):
        day = local_day(value, time_zone) if ref.nature is Nature.INSTANT else value
        return _day_test(test, day, local_day_of(as_of, time_zone))
    number = value.try_cast("float64") if ref.nature is Nature.PROPERTY else value
    return number_test(test.test, test.operand, number)


def number_test(test: str, operand: Any, value: ir.NumericValue) -> ir.BooleanValue:
    """`value` against a bound as written, without rounding either."""
    if test == "in":
        return reduce(lambda a, b: a | b, [number_test("is", one, value) for one in operand])
    if test == "between":
        low, high = operand
        parts = [number_test("at_least", low, value)] if low is not None else []
        parts += [number_test("at_most", high, value)] if high is not None else []
        return reduce(lambda a, b: a & b, parts) if parts else value.notnull()
    if not isinstance(operand, Decimal):
        raise DefinitionError("A number is compared with a number.", where=test, received=operand)
    compare, bound = _bound(test, operand, value)
    return compare(value, bound)


def _bound(test: str, operand: Decimal, value: ir.NumericValue) -> tuple[Callable[[Any, Any], Any], ir.Scalar]:
    compare: dict[str, Callable[[Any, Any], Any]] = {
        "is": lambda a, b: a == b,
        "at_least": lambda a, b: a >= b,
        "at_most": lambda a, b: a <= b,
        "above": lambda a, b: a > b,
        "below": lambda a, b: a < b,
    }
    if value.type().is_floating():
        return compare[test], ibis.literal(float(operand), type="float64")
    step = Decimal(1).scaleb(-value.type().scale) if value.type().is_decimal() else Decimal(1)
    rounding = ROUND_CEILING if test in ("at_least", "below") else ROUND_FLOOR
    bound = operand.quantize(step, rounding=rounding)  # the same numbers of the column lie on either side of it
    if test == "is" and bound != operand:
        return lambda a, _: ibis.ifelse(a.isnull(), ibis.null("boolean"), False), ibis.literal(0)
    if value.type().is_decimal():
        return compare[test], ibis.literal(bound, type=value.type())
    return compare[test], ibis.literal(int(bound), type="int64")


def _day_test(test: FieldTest, day: ir.DateValue, today: date) -> ir.BooleanValue:
    if test.within_days is not None:
        return (day > ibis.literal(today - timedelta(days=test.within_days))) & (day <= ibis.literal(today))
    if test.older_than_days is not None:
        return day <= ibis.literal(today - timedelta(days=test.older_than_days))
    if test.in_next_days is not None:
        return (day > ibis.literal(today)) & (day <= ibis.literal(today + timedelta(days=test.in_next_days)))
    days = test.in_ if test.in_ is not None else (test.is_,)
    return reduce(lambda a, b: a | b, [day == ibis.literal(_date(one)) for one in days])


def _date(operand: object) -> date:
    try:
        return date.fromisoformat(str(operand))
    except ValueError:
        raise DefinitionError("A date is written 2024-12-31.", where="is", received=operand) from None


def _boolean(test: FieldTest) -> bool:
    if isinstance(test.is_, bool):
        return test.is_
    raise DefinitionError(
        "This field is true or false.", where=test.field, received=test.is_, allowed=["true", "false"]
    )
