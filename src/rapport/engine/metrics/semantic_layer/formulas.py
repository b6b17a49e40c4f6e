"""Formulas of metrics made of others, told as SQL by working them out on names instead of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from rapport.engine.metrics.derived import DerivedMetric, Part, Parts
from rapport.engine.metrics.semantic_layer.recipes import quotient


class _Term:
    """Stands for a number: what is done to it is written down."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def __add__(self, other: object) -> _Term:
        return _Term(f"({self.sql} + {_sql(other)})")

    def __radd__(self, other: object) -> _Term:
        return _Term(f"({_sql(other)} + {self.sql})")

    def __sub__(self, other: object) -> _Term:
        return _Term(f"({self.sql} - {_sql(other)})")

    def __rsub__(self, other: object) -> _Term:
        return _Term(f"({_sql(other)} - {self.sql})")

    def __mul__(self, other: object) -> _Term:
        return _Term(f"({self.sql} * {_sql(other)})")

    def __rmul__(self, other: object) -> _Term:
        return _Term(f"({_sql(other)} * {self.sql})")

    def __truediv__(self, other: object) -> _Term:
        return _Term(f"(CAST({self.sql} AS DOUBLE PRECISION) / {_sql(other)})")

    def __abs__(self) -> _Term:
        return _Term(f"ABS({self.sql})")


def part_name(part: Part) -> str:
    """What a part is called in a formula; never as a metric is, which tools do not allow."""
    return f"{part.metric.id}_{'before' if part.before else 'value'}"


def formula_of(metric: DerivedMetric) -> str | None:
    """The formula as SQL over the names of the parts; None where it asks something of the numbers (`max`, `if`)."""
    # an optional part counts as 0 where it is unknown
    terms = {
        name: _Term(f"COALESCE({part_name(part)}, 0)" if part.optional else part_name(part))
        for name, part in metric.parts.items()
    }
    try:
        numerator = _told(metric.numerator, terms)
        return quotient(numerator, _told(metric.denominator, terms)) if metric.denominator else numerator
    except TypeError:
        return None


def _told(formula: Callable[[Parts], float], terms: dict[str, _Term]) -> str:
    return _sql(formula(cast(Parts, terms)))


def _sql(term: object) -> str:
    if isinstance(term, _Term):
        return term.sql
    if isinstance(term, int | float):
        return repr(term)
    raise TypeError(term)
