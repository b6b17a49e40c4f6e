"""A metric's definition in the words of people who read it."""

from __future__ import annotations

from django.conf import settings

from rapport.engine.metrics.spec import Additivity, Kind, Metric, NullPolicy, TimeBasis, Unit

_UNITS = {
    Unit.COUNT: "a number",
    Unit.FRACTION: "a share, in per cent",
    Unit.RATE: "a change or return, in per cent",
    Unit.POINTS: "points",
    Unit.PER: "a plain ratio",
}
_KINDS = {
    Kind.SIMPLE: "counted or added up",
    Kind.RATIO: "one sum over another",
    Kind.COHORT: "of those who began together",
    Kind.SNAPSHOT: "as things stand at the end",
    Kind.ROLLING: "over a window before the end",
    Kind.MODEL: "told by a model",
}
_TIMES = {
    TimeBasis.EVENT: "the day it happened",
    TimeBasis.COHORT: "the day they began",
    TimeBasis.SNAPSHOT: "the last day of the period",
    TimeBasis.ROLLING: "a window that ends with the period",
}
_PARTS = {
    Additivity.ADDITIVE: "add up to the whole",
    Additivity.SEMI_ADDITIVE: "add up, but not over time",
    Additivity.NON_ADDITIVE: "do not add up to the whole",
}
_UNKNOWN = {
    NullPolicy.ZERO: "where the data do not reach; nothing found is 0",
    NullPolicy.NULL_ON_ZERO_DENOMINATOR: "where there is nothing to divide by",
    NullPolicy.NULL_WITHOUT_ROWS: "where there is nothing to count",
}


def words_of(spec: Metric) -> list[tuple[str, str]]:
    """(heading, words): unit, how it is made, what dates it, which way is better, its parts, when it is unknown."""
    better = {True: "higher", False: "lower", None: "neither higher nor lower"}[spec.higher_is_better]
    money = f"money, in {settings.BASE_CURRENCY}"
    return [
        ("Told as", money if spec.unit is Unit.AMOUNT else _UNITS.get(spec.unit, f"time, in {spec.unit}")),
        ("Made", _KINDS[spec.kind]),
        ("Dated by", _TIMES[spec.time_basis]),
        ("Better", better),
        ("Parts", _PARTS[spec.additivity]),
        ("Unknown", _UNKNOWN[spec.null_policy]),
    ]
