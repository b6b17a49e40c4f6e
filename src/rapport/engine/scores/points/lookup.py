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


def lookup_table(matches: Mapping[int, frozenset[str]], features: Sequence[Feature], *, ages: int) -> pa.Table:
    """One row per (code, age) that gives something: _key = code x ages + age, and a column per feature.

    A capped feature is null where the event does not count; the others are then 0.
    """
    if len(matches) * ages > _MOST_ROWS:
        raise EngineCannot(
            "The criteria tell too many kinds of events apart.",
            received=f"{len(matches):,} kinds x {ages:,} ages",
            allowed=f"{_MOST_ROWS:,}",
            next_step="Use fewer different `where` tests on one event, or a shorter half-life.",
        )
    schema = pa.schema([pa.field(name, pa.int64()) for name in ("_key", *(f.name for f in features))])
    parts = [_rows_of(code, keys, features, ages) for code, keys in matches.items()]
    return pa.concat_tables([schema.empty_table(), *parts])


def _rows_of(code: int, keys: frozenset[str], features: Sequence[Feature], ages: int) -> pa.Table:
    columns = {"_key": pa.array(code * ages + np.arange(ages))}
    counts = np.zeros(ages, dtype=bool)
    for feature in features:
        numbers, counted = _given(feature, keys, ages)
        capped = feature.how is How.CAPPED
        columns[feature.name] = pa.array(numbers, mask=~counted if capped else None)
        counts |= counted if capped else numbers != 0
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
