"""What each criterion of a definition says of each case, apart from the points it gives for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.errors import DataError
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.conversion.standing import standing
from rapport.engine.scores.outcome import Happened, happened
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.learned.learning import conversion_like, past_cut_offs
from rapport.engine.scores.points.spec import CountPoints, Criterion, PointsDefinition, ValuePoints
from rapport.engine.scores.subject_rows import asked_for
from rapport.engine.statistics.auc import Flags, Floats

MOST_CASES = 40_000
OTHERWISE = "otherwise"


@dataclass(frozen=True)
class Item:
    """A number in a definition that could be another: of a criterion, or of one value or range of it.

    Attributes:
        part: None for points that are one number; else the value, `otherwise`, or the range's position.
        label: the part in words.
    """

    criterion: str
    position: int
    part: str | int | None
    label: str
    points: Decimal


@dataclass(frozen=True)
class CriteriaCases:
    """Cases at past cut-offs.

    Attributes:
        amounts: cases x items: how often or how far the item applies (1 or 0; faded and repeated for events).
        events, subject_ids, period: one per case; the earliest period is 0.
    """

    definition: PointsDefinition
    items: tuple[Item, ...]
    amounts: Floats
    events: Flags
    subject_ids: NDArray[np.object_]
    period: NDArray[np.intp]

    def take(self, rows: NDArray[np.generic]) -> CriteriaCases:
        return CriteriaCases(
            self.definition,
            self.items,
            self.amounts[rows],
            self.events[rows],
            self.subject_ids[rows],
            self.period[rows],
        )


def items_of(definition: PointsDefinition) -> tuple[Item, ...]:
    """Every number of points, in the order written."""
    found = []
    for position, (_, criterion) in enumerate(definition.criteria):
        found += [Item(criterion.name, position, part, label, given) for part, label, given in _parts(criterion)]
    return tuple(found)


def criteria_cases(
    definition: PointsDefinition, view: AsOf, *, runner: Runner, most: int = MOST_CASES
) -> CriteriaCases:
    """Everyone eligible at the newest past cut-offs (every k-th where they are many), as then known.

    Raises: DataError where no outcome's window is over, or where a table is missing.
    """
    asked = conversion_like(definition)
    cut_offs = past_cut_offs(asked, view, runner=runner)
    truth = happened(asked, view, cut_offs, runner)
    unit, items = unit_definition(definition), items_of(definition)
    parts = []
    for period, cut_off in enumerate(cut_offs):
        then = as_known(view.snapshot, cut_off)
        rows = standing(asked, then, runner=runner)
        ids = sorted(
            runner.to_arrow(rows.filter(rows.left_out.isnull()).select("subject_id"))["subject_id"].to_pylist()
        )
        chosen = ids[:: max(1, -(-len(ids) * len(cut_offs) // most))]
        if chosen:
            amounts = _amounts(unit, items, then, chosen, runner)
            parts.append(_cases(definition, items, amounts, truth, cut_off, chosen, period))
    if not parts:
        raise DataError("Nobody was eligible at any past cut-off.", where=definition.name)
    return _stacked(parts)


def unit_definition(definition: PointsDefinition) -> PointsDefinition:
    """The definition with 1 point per occurrence and the part's number (from 1) as points of values and ranges."""
    groups = {
        name: group.model_copy(update={"limit": None, "criteria": tuple(_unit(c) for c in group.criteria)})
        for name, group in definition.groups.items()
    }
    return definition.model_copy(update={"groups": groups})


def _unit(criterion: Criterion) -> Criterion:
    points = criterion.points
    if isinstance(points, ValuePoints):
        numbered = {text: Decimal(number) for number, text in enumerate(points.map, start=1)}
        coded = points.model_copy(update={"map": numbered, "otherwise": Decimal(len(numbered) + 1)})
        return criterion.model_copy(update={"points": coded, "limit": None})
    if isinstance(points, CountPoints):
        ranges = tuple((low, high, Decimal(n)) for n, (low, high, _) in enumerate(points.ranges, start=1))
        return criterion.model_copy(update={"points": points.model_copy(update={"ranges": ranges}), "limit": None})
    return criterion.model_copy(update={"points": Decimal(1), "limit": None})


def _parts(criterion: Criterion) -> list[tuple[str | int | None, str, Decimal]]:
    points = criterion.points
    if isinstance(points, ValuePoints):
        named = [(text, text, given) for text, given in points.map.items()]
        return [*named, (OTHERWISE, "other values", points.otherwise)]
    if isinstance(points, CountPoints):
        return [(n, _times(low, high), given) for n, (low, high, given) in enumerate(points.ranges)]
    return [(None, "", points)]


def _times(low: int, high: int | None) -> str:
    if high is None:
        return f"{low} or more times"
    return f"{low} times" if low == high else f"{low} to {high} times"


def _amounts(
    unit: PointsDefinition, items: Sequence[Item], then: AsOf, chosen: Sequence[str], runner: Runner
) -> Floats:
    """Cases x items, in the order of `chosen`."""
    subjects = asked_for(chosen, runner)
    points = Points(unit, then, runner, subjects, detail=True)
    if points.missing:
        raise DataError(f"{', '.join(points.missing)} not mapped.", where=unit.name)
    columns = sorted({f"s{item.position}" for item in items})
    rows = runner.to_arrow(points.explained_rows().select("subject_id", *columns))
    place = {key: position for position, key in enumerate(rows["subject_id"].to_pylist())}
    order = [place[key] for key in chosen]
    told = {name: rows[name].to_numpy()[order] / MICRO for name in columns}
    found = [
        _item_amount(told[f"s{item.position}"], number) for item, number in zip(items, _numbers(items), strict=True)
    ]
    return np.column_stack(found)


def _item_amount(told: Floats, number: int | None) -> Floats:
    return told if number is None else (told == number).astype(np.float64)


def _numbers(items: Sequence[Item]) -> list[int | None]:
    """The number by which a part is told in the unit definition; None where points are one number."""
    found: list[int | None] = []
    number, before = 0, -1
    for item in items:
        number = number + 1 if item.position == before else 1
        before = item.position
        found.append(None if item.part is None else number)
    return found


def _cases(
    definition: PointsDefinition,
    items: tuple[Item, ...],
    amounts: Floats,
    truth: Happened,
    cut_off: datetime,
    chosen: Sequence[str],
    period: int,
) -> CriteriaCases:
    present = truth.present_ids(chosen)
    return CriteriaCases(
        definition,
        items,
        amounts,
        truth.flags(cut_off, present),
        np.array(present, dtype=object),
        np.full(len(chosen), period),
    )


def _stacked(parts: Sequence[CriteriaCases]) -> CriteriaCases:
    first = parts[0]
    return CriteriaCases(
        first.definition,
        first.items,
        np.concatenate([p.amounts for p in parts]),
        np.concatenate([p.events for p in parts]),
        np.concatenate([p.subject_ids for p in parts]),
        np.concatenate([p.period for p in parts]),
    )
