"""From measures to percent to a value: whole micro-points, the same for all subjects and for reasons."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rapport.engine.scores.bands import MICRO, micro
from rapport.engine.scores.exact import Whole, half_even, scaled, whole
from rapport.engine.scores.satisfaction.spec import WEIGHT_PLACES, Measure, SatisfactionDefinition

HALF = 50 * MICRO


def percents(measure: Measure, values: Whole, known: Whole) -> tuple[Whole, Whole]:
    """What a measure gives in micro-percent, and whether it counts."""
    bounds = np.array([micro(bound) for bound, _ in measure.levels], dtype=np.int64)
    given = np.array([micro(percent) for _, percent in measure.levels], dtype=np.int64)
    reached = np.maximum(np.searchsorted(bounds, values, side="right") - 1, 0)
    stands_in = HALF if measure.missing == "neutral" else 0
    return np.where(known, given[reached], stands_in), known | (measure.missing != "skip")


def weighed(definition: SatisfactionDefinition, rows: Mapping[str, Whole]) -> dict[str, Whole]:
    """What each subject comes to.

    Parameters: rows, by position of the measures: value_<i> (millionths) and known_<i>; holds_<i>, whether the
        condition of exception i is true.
    Returns: percent_<i> and counts_<i>; part_<i> and whole: the measure adds part / whole to the value, exactly;
        except_<i>, what each exception changed; micro; known.
    """
    found: dict[str, Whole] = {}
    for position, measure in enumerate(definition.measures):
        given, counts = percents(measure, rows[f"value_{position}"], rows[f"known_{position}"].astype(bool))
        found |= {f"percent_{position}": np.where(counts, given, 0), f"counts_{position}": counts}
    found |= _shares(definition, found)
    total = sum((found[f"part_{i}"] for i in range(len(definition.measures))), start=np.zeros_like(found["whole"]))
    value = half_even(total, np.where(found["whole"] > 0, found["whole"], 1)).astype(np.int64)
    for position, exception in enumerate(definition.exceptions):
        limit = exception.bounds
        low = value if limit.min is None else np.maximum(value, micro(limit.min))
        held = low if limit.max is None else np.minimum(low, micro(limit.max))
        found[f"except_{position}"] = np.where(_meets(definition, position, rows), held - value, 0)
        value = value + found[f"except_{position}"]
    return {**found, "micro": np.clip(value, 0, 100 * MICRO), "known": found["whole"] > 0}


def _shares(definition: SatisfactionDefinition, found: Mapping[str, Whole]) -> dict[str, Whole]:
    """part_<i> and whole: fractions of the value with one denominator for all measures of a subject."""
    positions = range(len(definition.measures))
    weights = [scaled(measure.weight, WEIGHT_PLACES) for measure in definition.measures]
    counted = [np.where(found[f"counts_{i}"], weights[i], 0) for i in positions]
    if definition.groups is None:
        size = 100 * MICRO * max(sum(weights), 1)
        parts = {f"part_{i}": whole(found[f"percent_{i}"], largest=size) * counted[i] for i in positions}
        return {**parts, "whole": sum(counted[1:], start=counted[0])}
    return _grouped(definition, found, counted)


def _grouped(definition: SatisfactionDefinition, found: Mapping[str, Whole], counted: list[Whole]) -> dict[str, Whole]:
    """The same where each group's mean is taken first; wide numbers, because the groups' denominators multiply."""
    assert definition.groups is not None
    sums = {name: np.zeros(len(counted[0]), dtype=object) for name in definition.groups}
    for measure, weight in zip(definition.measures, counted, strict=True):
        sums[str(measure.group)] = sums[str(measure.group)] + weight.astype(object)
    divisors = {name: np.where(total > 0, total, 1) for name, total in sums.items()}
    own = {
        name: np.where(sums[name] > 0, scaled(weight, WEIGHT_PLACES), 0).astype(object)
        for name, weight in definition.groups.items()
    }
    others = {name: _product([d for n, d in divisors.items() if n != name], len(counted[0])) for name in sums}
    parts = {
        f"part_{i}": found[f"percent_{i}"].astype(object) * weight * own[str(m.group)] * others[str(m.group)]
        for i, (m, weight) in enumerate(zip(definition.measures, counted, strict=True))
    }
    everything = _product(list(divisors.values()), len(counted[0]))
    return {**parts, "whole": everything * sum(own.values(), start=np.zeros(len(counted[0]), dtype=object))}


def _product(factors: list[Whole], size: int) -> Whole:
    result: Whole = np.ones(size, dtype=object)
    for factor in factors:
        result = result * factor
    return result


def _meets(definition: SatisfactionDefinition, position: int, rows: Mapping[str, Whole]) -> Whole:
    exception = definition.exceptions[position]
    if exception.measure is None:
        return rows[f"holds_{position}"].astype(bool)
    of = definition.measure(exception.measure)
    meets = rows[f"known_{of}"].astype(bool)
    if exception.at_least is not None:
        meets = meets & (rows[f"value_{of}"] >= micro(exception.at_least))
    if exception.below is not None:
        meets = meets & (rows[f"value_{of}"] < micro(exception.below))
    return meets
