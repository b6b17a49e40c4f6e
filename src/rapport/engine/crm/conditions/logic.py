"""Three-valued logic over any algebra: Python's True / False / None, or columns of an engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TypeVar

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.conditions.grammar import All, AnyOf, Condition, Not

Truth = bool | None
T = TypeVar("T")


def evaluate(condition: Condition, truth_of: Callable[[Condition], Truth]) -> Truth:
    """The truth of a condition, given that of its tests."""
    if isinstance(condition, All):
        return _all([evaluate(part, truth_of) for part in condition.all])
    if isinstance(condition, AnyOf):
        return _not(_all([_not(evaluate(part, truth_of)) for part in condition.any]))
    if isinstance(condition, Not):
        return _not(evaluate(condition.not_, truth_of))
    return truth_of(condition)


def expression(condition: Condition, column_of: Callable[[Condition], ir.BooleanValue]) -> ir.BooleanValue:
    """The same as a column; SQL's and, or, not are three-valued."""
    if isinstance(condition, All):
        return reduce(lambda a, b: a & b, [expression(part, column_of) for part in condition.all])
    if isinstance(condition, AnyOf):
        return reduce(lambda a, b: a | b, [expression(part, column_of) for part in condition.any])
    if isinstance(condition, Not):
        return ~expression(condition.not_, column_of)
    return column_of(condition)


def fires(condition: ir.BooleanValue) -> ir.BooleanValue:
    """True only where the condition is true; unknown becomes false."""
    return ibis.coalesce(condition, ibis.literal(False))


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _all(truths: list[Truth]) -> Truth:
    if False in truths:
        return False
    return None if None in truths else True
