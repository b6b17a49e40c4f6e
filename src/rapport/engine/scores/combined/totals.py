"""From the parts' values to the combined one, in whole micro-points; the same for all subjects and for reasons."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from rapport.engine.scores.bands import MICRO, micro
from rapport.engine.scores.combined.spec import WEIGHT_PLACES, Axis, CombinedDefinition, Part
from rapport.engine.scores.exact import Whole, half_even, scaled, whole
from rapport.engine.scores.points.spec import Limit

PERCENT = 100 * MICRO


def totals(definition: CombinedDefinition, rows: Mapping[str, Whole]) -> dict[str, Whole]:
    """What each subject comes to.

    Parameters: rows, by position of `definition.used`: micro_<i>, known_<i> and rank_<i> (percentile in
        micro-points); holds_<i>, whether the condition of exception i is true.
    Returns: scaled_<i> (on the part's scale, 0 where skipped) and counts_<i> (whether it counts) by position of
        the parts, given_<i> (its contribution; none for a mean), part_limited_<i>; weight (the weights that count);
        cell (position in the table, row by row); except_<i> and range_limited (what they changed); fit,
        engagement; micro; known.
    """
    found = _cells(definition, rows) if definition.how == "table" else _weighed(definition, rows)
    value = found.pop("total")
    for position, exception in enumerate(definition.exceptions):
        held = _within(value, exception.bounds)
        meets = _meets(definition, position, rows)
        found[f"except_{position}"] = np.where(meets, held - value, 0)
        value = value + found[f"except_{position}"]
    bounded = _within(value, Limit(min=definition.range.min, max=definition.range.max))
    return {**found, "range_limited": bounded - value, "micro": bounded}


def _weighed(definition: CombinedDefinition, rows: Mapping[str, Whole]) -> dict[str, Whole]:
    found: dict[str, Whole] = {}
    size = len(rows["known_0"])
    known, weight = np.ones(size, dtype=bool), np.zeros(size, dtype=np.int64)
    product: Whole = np.zeros(size, dtype=object)
    sums = {
        "total": np.zeros(size, dtype=np.int64),
        "fit": np.zeros(size, np.int64),
        "engagement": np.zeros(size, np.int64),
    }
    for position, part in enumerate(definition.parts):
        there = rows[f"known_{position}"].astype(bool)
        stands_in = part.missing if isinstance(part.missing, Decimal) else None
        values = np.where(there, _on_scale(definition, part, position, rows), micro(stands_in or Decimal(0)))
        counts = there | (stands_in is not None)
        known = known & (counts | (part.missing == "skip"))
        hundredths = scaled(part.weight, WEIGHT_PLACES)
        weighed = whole(values, largest=_largest(values) * max(abs(hundredths), 1)) * hundredths
        weighed = np.where(counts, weighed, 0)
        found |= {f"scaled_{position}": np.where(counts, values, 0), f"counts_{position}": counts}
        weight = weight + np.where(counts, abs(hundredths), 0)
        if definition.how == "mean":
            product = product + weighed.astype(object)
            continue
        raw = half_even(weighed, 10**WEIGHT_PLACES).astype(np.int64)
        given = np.where(counts, _within(raw, part.limit), 0) if part.limit else raw
        found |= {f"given_{position}": given, f"part_limited_{position}": given - raw}
        for name in ("total", *([part.type] if part.type else [])):
            sums[name] = sums[name] + given
    if definition.how == "mean":
        sums["total"] = half_even(product, np.where(weight > 0, weight, 1).astype(object)).astype(np.int64)
    return {**found, **sums, "weight": weight, "known": known & (weight > 0)}


def _cells(definition: CombinedDefinition, rows: Mapping[str, Whole]) -> dict[str, Whole]:
    table = definition.table
    assert table is not None
    used = definition.used
    down, across = (used.index(axis.score) for axis in (table.rows, table.columns))
    row, column = _place(table.rows, rows[f"micro_{down}"]), _place(table.columns, rows[f"micro_{across}"])
    cell = row * len(table.columns.bands) + column
    values = np.array(
        [micro(table.values[r.label + c.label]) for r in table.rows.bands for c in table.columns.bands], dtype=np.int64
    )
    known = rows[f"known_{down}"].astype(bool) & rows[f"known_{across}"].astype(bool)
    return {"total": values[cell], "cell": cell, "known": known}


def labels(definition: CombinedDefinition) -> list[str]:
    """The labels of a table's cells, row by row."""
    table = definition.table
    return [r.label + c.label for r in table.rows.bands for c in table.columns.bands] if table else []


def _place(axis: Axis, values: Whole) -> Whole:
    """The position of each value's band, the highest first; below the lowest bound counts as the lowest."""
    bounds = np.array([micro(band.from_) for band in reversed(axis.bands)], dtype=np.int64)
    reached = np.searchsorted(bounds, values, side="right")
    return len(bounds) - np.maximum(reached, 1)


def _on_scale(definition: CombinedDefinition, part: Part, position: int, rows: Mapping[str, Whole]) -> Whole:
    values = rows[f"micro_{position}"]
    if part.scale == "value":
        return values
    if part.scale == "percentile":
        return rows[f"rank_{position}"]
    ends = definition.scores[part.score].range
    low, span = micro(ends.min), micro(ends.span)
    above = values - low
    return half_even(whole(above, largest=_largest(above) * PERCENT) * PERCENT, span).astype(np.int64)


def _meets(definition: CombinedDefinition, position: int, rows: Mapping[str, Whole]) -> Whole:
    exception = definition.exceptions[position]
    if exception.score is None:
        return rows[f"holds_{position}"].astype(bool)
    of = definition.used.index(exception.score)
    meets = rows[f"known_{of}"].astype(bool)
    if exception.at_least is not None:
        meets = meets & (rows[f"micro_{of}"] >= micro(exception.at_least))
    if exception.below is not None:
        meets = meets & (rows[f"micro_{of}"] < micro(exception.below))
    return meets


def _within(values: Whole, limit: Limit) -> Whole:
    low = values if limit.min is None else np.maximum(values, micro(limit.min))
    return low if limit.max is None else np.minimum(low, micro(limit.max))


def _largest(values: Whole) -> int:
    return int(np.abs(values).max(initial=0))
