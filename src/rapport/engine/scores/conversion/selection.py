"""Which features are worth learning from: those that tell cases they were not counted on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rapport.engine.scores.features.terms import term_of
from rapport.engine.statistics.additive import Features, Numbers
from rapport.engine.statistics.additive.binning import Binned, binned, sum_by_bin
from rapport.engine.statistics.additive.features import Column
from rapport.engine.statistics.auc import Flags, Floats

MOST_FEATURES = 30
MOST_OF_A_FAMILY = 2  # windows of the same count say nearly the same
MOST_ALIKE = 0.9  # rank correlation, on bins
_PRIOR = 20.0
_BINS = 16
_COMPARED_ROWS = 5_000


def constant(column: Column) -> bool:
    """Whether all rows have the same value, or all are unknown."""
    if isinstance(column, Numbers):
        known = column.values[~np.isnan(column.values)]
        return not len(known) or (len(known) == len(column) and bool(np.ptp(known) == 0))
    return not len(column.codes) or int(column.codes.max()) == int(column.codes.min())


def selected(
    features: Features, events: Flags, *, halves: Flags, always: Iterable[str] = (), most: int = MOST_FEATURES
) -> tuple[str, ...]:
    """The best features, at most two of a family and none that nearly repeats a better one, in their order.

    A feature's worth is how much better its rates by bin, counted on one half of the subjects, tell the other
    half than the base rate does (log-likelihood, both ways round, shrunk by 20 cases); below 0 it goes.
    Parameters: halves, which half a row is in; always, features that stay.
    """
    columns = {one.name: one for one in binned(features, most=_BINS)}
    worth = {name: _worth(one, events, halves) for name, one in columns.items()}
    kept = [name for name in always if name in worth]
    taken = [_standing(columns[name], events) for name in kept]
    for name, value in sorted(worth.items(), key=lambda item: (-item[1], item[0])):
        if value <= 0 or len(kept) >= most:
            break
        family = [_family(other) for other in kept].count(_family(name))
        if name in kept or family >= MOST_OF_A_FAMILY:
            continue
        standing = _standing(columns[name], events)
        if all(abs(float(standing @ other)) < MOST_ALIKE for other in taken):
            kept.append(name)
            taken.append(standing)
    return tuple(name for name in features.names if name in kept)


def strongest(features: Features, events: Flags, *, halves: Flags, most: int) -> list[tuple[str, Floats]]:
    """The features of most worth, each with the rate of every row's bin as counted on the other half."""
    columns = binned(features, most=_BINS)
    best = sorted(columns, key=lambda one: (-_worth(one, events, halves), one.name))[:most]
    return [
        (one.name, np.where(halves, _rates(one, events, ~halves)[one.codes], _rates(one, events, halves)[one.codes]))
        for one in best
    ]


def _standing(one: Binned, events: Flags) -> Floats:
    """The bins of up to 5,000 rows, categories and unknown by their rate, as a vector of length 1 around 0."""
    step = max(1, len(events) // _COMPARED_ROWS)
    order = np.argsort(np.argsort(_rates(one, events, np.ones(len(events), dtype=bool)), kind="stable"))
    values = order[one.codes[::step]].astype(np.float64)
    values -= values.mean()
    length = float(np.sqrt(values @ values))
    return values / length if length else values


def _family(name: str) -> str:
    term = term_of(name)
    return term.family if term else name


def _worth(one: Binned, events: Flags, halves: Flags) -> float:
    gain = 0.0
    for learns in (halves, ~halves):
        rate = _rates(one, events, learns)
        base = (events[learns].sum() + 0.5) / (learns.sum() + 1.0)
        told, truth = rate[one.codes[~learns]], events[~learns]
        gain += float(np.where(truth, np.log(told / base), np.log((1 - told) / (1 - base))).sum())
    return gain


def _rates(one: Binned, events: Flags, learns: Flags) -> Floats:
    base = (events[learns].sum() + 0.5) / (learns.sum() + 1.0)
    counts = sum_by_bin(one.codes[learns], np.ones(int(learns.sum())), one.size)
    happened = sum_by_bin(one.codes[learns], events[learns].astype(np.float64), one.size)
    return np.asarray((happened + _PRIOR * base) / (counts + _PRIOR), dtype=np.float64)
