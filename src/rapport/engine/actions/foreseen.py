"""What a points score will be on coming local days if nothing happens until then.

Occurrences grow older by a day each midnight and find fewer micro-points in the same tables that the score is made of;
occurrences leave `within_days`, windows of `at_most` let later ones count, `no:` conditions become true. So the day on
which a subject will fall below a threshold is known ahead, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rapport.engine.actions.thresholds import Threshold
from rapport.engine.crm.age import day_number
from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.grammar import DAY_TESTS, Condition, EventMatch, FieldTest, No, walk
from rapport.engine.crm.conditions.logic import Truth, evaluate
from rapport.engine.crm.conditions.subject_conditions import key_of, names_of
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.narrowed import narrowed
from rapport.engine.errors import InternalError
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import MICRO, micro
from rapport.engine.scores.points.activity import window_of
from rapport.engine.scores.points.evidence import Occurrence, occurrences
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.lookup import LONGEST_AGE
from rapport.engine.scores.points.micro import micro_table
from rapport.engine.scores.points.plan import match_key
from rapport.engine.scores.points.spec import AtMost, CountPoints, Criterion, Limit, PointsDefinition
from rapport.engine.scores.points.totals import steps

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
HORIZON_DAYS = 366


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """The first local day on which a subject is below a threshold if nothing happens, and its value then."""

    day: date
    value: Decimal


def is_foreseeable(definition: PointsDefinition) -> bool:
    """Whether coming days can be told from what is known: no condition compares a date of a record with today."""
    conditions = [c.when for _, c in definition.criteria] + [e.where for _, c in definition.criteria for e in c.events]
    parts = [part for one in conditions for part in walk(one)]
    parts += [inner for part in parts for inner in walk(getattr(part, "where", None))]
    return not any(isinstance(part, FieldTest) and part.test in DAY_TESTS for part in parts)


def leavings(
    definition: PointsDefinition,
    view: AsOf,
    *,
    subject_ids: Sequence[str],
    threshold: Threshold,
    runner: Runner,
    days: int = HORIZON_DAYS,
) -> dict[str, Leaving]:
    """When each subject will leave a threshold that it is inside of; who will not within so many days is left out."""
    found = {}
    for subject_id, values in coming_values(
        definition, view, subject_ids=subject_ids, runner=runner, days=days
    ).items():
        below = np.flatnonzero(values < micro(threshold.leave))
        if len(below):
            ahead = int(below[0])
            today = local_day_of(view.at, definition.time_zone or view.snapshot.time_zone)
            found[subject_id] = Leaving(
                day=today + timedelta(days=ahead),
                value=(Decimal(int(values[ahead])) / MICRO).quantize(Decimal("0.000001")),
            )
    return found


def coming_values(
    definition: PointsDefinition, view: AsOf, *, subject_ids: Sequence[str], runner: Runner, days: int = HORIZON_DAYS
) -> dict[str, Integers]:
    """Micro-points of each subject today and on the `days` local days after; who is not scored is left out.

    Empty where the definition is not foreseeable.
    """
    if not subject_ids or not is_foreseeable(definition):
        return {}
    subjects = ibis.memtable(pa.table({"subject_id": pa.array(list(dict.fromkeys(subject_ids)), pa.string())}))
    near = narrowed(view, definition.subject, subject_ids, runner=runner)
    points = Points(definition, near, runner, subjects, detail=True)
    if points.missing:
        return {}
    rows = runner.to_arrow(points.explained_rows()).to_pylist()
    happened = occurrences(points)
    return {
        row["subject_id"]: _Subject(points, row, happened.get(row["subject_id"], {}), days).values()
        for row in rows
        if row["_reason"] is None
    }


@dataclass(frozen=True)
class _Subject:
    """One subject's row of today, what it did, and the days to look at: 0 is today."""

    points: Points
    row: Mapping[str, Any]
    happened: Mapping[str, Sequence[Occurrence]]
    days: int

    @property
    def _ahead(self) -> Integers:
        return np.arange(self.days + 1, dtype=np.int64)

    @property
    def _today(self) -> date:
        return local_day_of(self.points.view.at, self.points.time_zone)

    def values(self) -> Integers:
        """Micro-points by day."""
        definition = self.points.definition
        criteria, sums = steps(definition, self.points.plan)
        by_step: dict[str, Integers] = {}
        for step, (group, criterion) in zip(criteria, definition.criteria, strict=True):
            by_step[step.name] = _within(self._criterion(group, criterion, step.name, step.limited), step.limit)
        for step in sums:
            total = sum((by_step[name] for name in step.of), np.zeros(self.days + 1, dtype=np.int64))
            by_step[step.name] = _within(total, step.limit)
        if int(by_step["micro"][0]) != self.row["micro"]:
            raise InternalError("What is foreseen for today differs from the score.", received=self.row["subject_id"])
        return by_step["micro"]

    def _criterion(self, group: str, criterion: Criterion, name: str, limited: str) -> Integers:
        if criterion.event is None and (criterion.when is None or not isinstance(criterion.points, Decimal)):
            static = self.row[name] - (self.row.get(limited) or 0)  # by the value of a field
            return np.full(self.days + 1, static, dtype=np.int64)
        given = self._given(group, criterion)
        return given if criterion.when is None else np.where(self._fires(criterion.when), given, 0)

    def _given(self, group: str, criterion: Criterion) -> Integers:
        match, given = criterion.event, criterion.points
        if match is None:
            return np.full(self.days + 1, micro(given), dtype=np.int64)  # type: ignore[arg-type]
        ages, alive = self._ages(match)
        if isinstance(given, CountPoints):
            return _ranged(given, alive.sum(axis=0))
        assert isinstance(given, Decimal)
        decay = self.points.definition.decay_of(group, criterion)
        table = micro_table(given, decay, LONGEST_AGE)
        worth = np.where(alive, table[np.minimum(ages, LONGEST_AGE - 1)], 0)
        if criterion.once is not None:
            largest = np.abs(worth).max(axis=0, initial=0)
            return np.asarray(largest if given >= 0 else -largest, dtype=np.int64)
        if criterion.at_most is not None:
            worth = np.where(self._counts(ages, alive, criterion.at_most), worth, 0)
        return np.asarray(worth.sum(axis=0), dtype=np.int64)

    def _ages(self, match: EventMatch) -> tuple[Integers, Booleans]:
        """Of each occurrence, earliest first, by day: its age, and whether it is young enough."""
        now = np.array([one.age for one in reversed(self.happened.get(match_key(match), ()))], dtype=np.int64)
        ages = now[:, None] + self._ahead[None, :]
        return ages, ages < (match.within_days if match.within_days is not None else np.iinfo(np.int64).max)

    def _counts(self, ages: Integers, alive: Booleans, at_most: AtMost) -> Booleans:
        """Which occurrences `at_most` lets count: of each window the earliest that are young enough."""
        counts = np.zeros_like(alive)
        windows = np.array([window_of(day_number(self._today) - int(age), at_most.per_days) for age in ages[:, 0]])
        for window in np.unique(windows):
            inside = windows == window
            counts[inside] = alive[inside] & (np.cumsum(alive[inside], axis=0) <= at_most.times)
        return counts

    def _fires(self, when: Condition) -> Booleans:
        """By day. Only `no:` parts change with the days."""
        definition = self.points.definition
        names = names_of([c.when for _, c in definition.criteria if c.when is not None])
        quiet = {key_of(part): self._quiet(part) for part in walk(when) if isinstance(part, No)}

        def truth(part: Condition, ahead: int) -> Truth:
            key = key_of(part)
            return quiet[key][ahead] if key in quiet else self.row[names[key]]

        if not quiet:
            return np.full(self.days + 1, evaluate(when, lambda part: truth(part, 0)) is True)
        return np.array([evaluate(when, lambda part, k=k: truth(part, k)) is True for k in range(self.days + 1)])  # type: ignore[misc]

    def _quiet(self, part: No) -> list[Truth]:
        _, alive = self._ages(part.no)
        nothing: list[bool] = (alive.sum(axis=0) == 0).tolist()
        if part.no.within_days is None:
            return list(nothing)
        created = self.row["created_at"]
        if created is None:
            return [None] * (self.days + 1)
        age = (self._today - local_day_of(created, self.points.time_zone)).days
        return [one if age + ahead >= part.no.within_days else None for ahead, one in enumerate(nothing)]


def _within(values: Integers, limit: Limit | None) -> Integers:
    if limit is None:
        return values
    low = None if limit.min is None else micro(limit.min)
    high = None if limit.max is None else micro(limit.max)
    return values if low is None and high is None else np.clip(values, low, high)


def _ranged(points: CountPoints, counts: Integers) -> Integers:
    given = np.zeros(len(counts), dtype=np.int64)
    for low, high, worth in points.ranges:
        given[(counts >= low) & (counts <= (high if high is not None else counts))] = micro(worth)
    return given
