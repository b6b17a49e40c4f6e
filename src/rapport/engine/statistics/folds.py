"""Which rows a model learns from and which it is tried on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rapport.engine.statistics.auc import Flags

Rows = NDArray[np.intp]
Fold = tuple[Rows, Rows]


def fold_numbers(events: Flags, *, count: int = 5, groups: Any = None, seed: int = 0) -> Rows:
    """The fold of each row, 0..count-1: events spread evenly, rows of one group together.

    Parameters: events, one flag per row; groups, one value per row (a subject seen at several cut-offs),
        None where each row stands alone.
    """
    index = np.arange(len(events)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    size = int(index.max()) + 1 if len(index) else 0
    with_event = np.bincount(index[events], minlength=size) > 0
    mixed = np.random.default_rng(seed).permutation(size)
    order = mixed[np.argsort(with_event[mixed], kind="stable")]
    fold_of_group = np.empty(size, dtype=np.intp)
    fold_of_group[order] = np.arange(size) % count
    return fold_of_group[index]


def random_folds(events: Flags, *, count: int = 5, groups: Any = None, seed: int = 0) -> list[Fold]:
    """(learn, try) row positions, each row tried once."""
    numbers = fold_numbers(events, count=count, groups=groups, seed=seed)
    return [(np.flatnonzero(numbers != k), np.flatnonzero(numbers == k)) for k in range(count)]


def forward_folds(cut_offs: Any, *, window: Any = None, most: int = 5) -> list[Fold]:
    """(learn, try) row positions forward in time: tried on a cut-off, learned from what was known by then.

    Parameters: cut_offs, one sortable value per row (an instant, a day number). window, the length of the
        outcome's window in their unit (a timedelta64 for datetime64): rows whose window has not ended by the
        cut-off that is tried are not learned from; None where cut-offs are at least a window apart.
        most, the latest so many cut-offs are tried.
    Subjects may be on both sides: a living company scores the people it learned from.
    """
    values = np.asarray(cut_offs)
    ended = values if window is None else values + window
    tried = (
        (ended <= at, values == at) if window is not None else (values < at, values == at) for at in np.unique(values)
    )
    folds = [(np.flatnonzero(learn), np.flatnonzero(of)) for learn, of in tried if learn.any()]
    return folds[-most:]
