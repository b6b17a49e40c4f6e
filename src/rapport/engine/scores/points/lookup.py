"""The table in which an event finds what it gives: one row per (code, age)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rapport.engine.errors import EngineCannot
from rapport.engine.scores.points.micro import Integers, micro_table, settled_age
from rapport.engine.scores.points.plan import Feature, How, Term, match_key

LONGEST_AGE = 40_000  # days; older events count as being of this age
_MOST_ROWS = 4_000_000

Booleans = NDArray[np.bool_]
Given = tuple[Integers, Booleans]  # by age: the number, and whether the event counts at all


def ages_apart(features: Sequence[Feature]) -> int:
    """How many ages must be told apart; everything older is like the oldest of them."""
    return 1 + max(_last_change(term) for feature in features for term in feature.terms)


def lookup_table(
    matches: Mapping[int, frozenset[str]], features: Sequence[Feature], *, ages: int, lanes: Sequence[int]
) -> pa.Table:
    """One row per (code, age) that gives something: _key = code x ages + age, _lane, a column per feature.

    `_lane` is the window length in days of the `at_most` that counts the row, 0 for none. A row that
    windows of several lengths count comes once per length; whatever else it gives is in the first.
    A capped feature is null where the event does not count; the others are then 0.
    """
    if len(matches) * ages * max(1, len(lanes)) > _MOST_ROWS:
        raise EngineCannot(
            "The criteria tell too many kinds of events apart.",
            received=f"{len(matches):,} kinds x {ages:,} ages",
            allowed=f"{_MOST_ROWS:,}",
            next_step="Use fewer different `where` tests on one event, or a shorter half-life.",
        )
    parts = [part for code, keys in matches.items() for part in _rows_of(code, keys, features, ages, lanes)]
    schema = pa.schema([pa.field(name, pa.int64()) for name in ("_key", "_lane", *(f.name for f in features))])
    return pa.concat_tables([schema.empty_table(), *parts])


def _rows_of(
    code: int, keys: frozenset[str], features: Sequence[Feature], ages: int, lanes: Sequence[int]
) -> list[pa.Table]:
    given = {f.name: _given(f, keys, ages) for f in features}
    lane_of = {f.name: f.at_most.per_days if f.at_most else 0 for f in features}
    used = [lane for lane in lanes if any(given[n][1].any() for n, days in lane_of.items() if days == lane)]
    return [
        _rows_of_lane(code, given, lane_of, lane, first=turn == 0, ages=ages) for turn, lane in enumerate(used or [0])
    ]


def _rows_of_lane(
    code: int, given: Mapping[str, Given], lane_of: Mapping[str, int], lane: int, *, first: bool, ages: int
) -> pa.Table:
    columns = {"_key": pa.array(code * ages + np.arange(ages)), "_lane": pa.array(np.full(ages, lane, dtype=np.int64))}
    counts = np.zeros(ages, dtype=bool)
    for name, (numbers, counted) in given.items():
        if lane_of[name]:
            mine = counted if lane_of[name] == lane else np.zeros(ages, dtype=bool)
            columns[name] = pa.array(numbers, mask=~mine)
            counts |= mine
        else:
            columns[name] = pa.array(numbers if first else np.zeros(ages, dtype=np.int64))
            counts |= (numbers != 0) & first
    return pa.table(columns).filter(pa.array(counts))


def _given(feature: Feature, keys: frozenset[str], ages: int) -> Given:
    numbers, counted = np.zeros(ages, dtype=np.int64), np.zeros(ages, dtype=bool)
    for term in feature.terms:
        if match_key(term.match) in keys:
            within = np.arange(ages) < (term.match.within_days or ages)
            numbers += np.where(within, _of_term(feature.how, term, ages), 0)
            counted |= within
    return numbers, counted


def _of_term(how: How, term: Term, ages: int) -> Integers:
    if how in (How.COUNT, How.SEEN):
        return np.ones(ages, dtype=np.int64)
    table = micro_table(term.points, term.decay, ages)
    return table if how is How.SUM else np.abs(table)


def _last_change(term: Term) -> int:
    """The first age from which on an occurrence gives the same for ever."""
    within = term.match.within_days
    if within is not None:
        return within
    return settled_age(term.points, term.decay, LONGEST_AGE)
