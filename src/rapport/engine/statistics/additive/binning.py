"""Columns of features as small whole numbers: at most 64 ranges of a number, the common levels of a category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rapport.engine.statistics.additive.features import Categories, Column, Features, Numbers
from rapport.engine.statistics.additive.tables import CategoryTable, Counts, Micros, NumericTable, Table
from rapport.engine.statistics.auc import Flags, Floats

MOST_BINS = 64
_ROWS_A_BIN = 20
_MOST_LEVELS = 250
_LEAST_ROWS = 5
_DIGITS = range(-9, 16)

Bins = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Binned:
    """One feature, row by row, as the bin it falls in; the layout is that of its table.

    Attributes:
        codes: one bin per row; the last bin is "unknown", and of categories the last but one is "other".
        edges: of a number; categories: of a category; the other is None.
    """

    name: str
    codes: Bins
    edges: Floats | None
    categories: tuple[str, ...] | None

    @property
    def size(self) -> int:
        """Bins, unknown included."""
        return len(self.edges) + 2 if self.edges is not None else len(self.categories or ()) + 2

    @property
    def ordered(self) -> bool:
        return self.edges is not None

    def table(self, micros: Micros, errors: Floats, counts: Counts, events: Counts) -> Table:
        """The table with what was learned of each bin."""
        if self.edges is not None:
            return NumericTable(
                name=self.name, edges=self.edges, micros=micros, errors=errors, counts=counts, events=events
            )
        return CategoryTable(
            name=self.name,
            categories=self.categories or (),
            micros=micros,
            errors=errors,
            counts=counts,
            events=events,
        )


def binned(features: Features, *, most: int = MOST_BINS) -> tuple[Binned, ...]:
    """Every feature as bins; a feature that is alike for all but four rows is left out."""
    found = (_binned(name, column, most) for name, column in features.columns.items())
    return tuple(one for one in found if one is not None)


def support(one: Binned, events: Flags) -> tuple[Counts, Counts]:
    """Rows and events per bin."""
    counts = np.bincount(one.codes, minlength=one.size)
    happened = np.bincount(one.codes[events], minlength=one.size)
    return counts.astype(np.int64), happened.astype(np.int64)


def sum_by_bin(codes: Bins, amounts: Floats, size: int) -> Floats:
    """The sum of the amounts of each bin's rows."""
    return np.asarray(np.bincount(codes, weights=amounts, minlength=size), dtype=np.float64)


def _binned(name: str, column: Column, most: int) -> Binned | None:
    empty = np.zeros(0, dtype=np.int64)
    layout = (
        Binned(name=name, codes=empty, edges=_edges(column, most), categories=None)
        if isinstance(column, Numbers)
        else Binned(name=name, codes=empty, edges=None, categories=_levels(column))
    )
    codes = layout.table(empty, empty.astype(float), empty, empty).bins(column)
    if not len(codes) or len(codes) - np.bincount(codes).max() < _LEAST_ROWS:
        return None
    return Binned(name=name, codes=codes, edges=layout.edges, categories=layout.categories)


def _edges(column: Numbers, most: int) -> Floats:
    """Edges between neighbouring values, about equally many rows between two edges."""
    known = np.sort(column.values[~np.isnan(column.values)])
    values, counts = np.unique(known, return_counts=True)
    bins = max(2, min(most, len(known) // _ROWS_A_BIN))
    if len(values) <= 1:
        return np.zeros(0)
    if len(values) <= bins:
        cut = np.arange(len(values) - 1)
    else:
        reached = np.cumsum(counts)
        cut = np.unique(np.searchsorted(reached, len(known) * np.arange(1, bins) / bins, side="left"))
        cut = cut[cut < len(values) - 1]
    return np.array([round_between(float(values[i]), float(values[i + 1])) for i in cut])


def round_between(low: float, high: float) -> float:
    """The roundest number in [low, high): 3 for 3 and 4, 20 for 18.97 and 21.3, 0.5 for 0.45 and 0.6."""
    middle = low + (high - low) / 2
    for digits in _DIGITS:
        for candidate in (round(middle, digits), round(low, digits)):
            if low <= candidate < high:
                return candidate
    return low


def _levels(column: Categories) -> tuple[str, ...]:
    """Levels with enough rows to say something, most common first among too many, in order of the alphabet."""
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    fewest = min(10, max(2, len(column) // 100))
    common = [i for i in np.argsort(-counts, kind="stable")[:_MOST_LEVELS] if counts[i] >= fewest]
    return tuple(column.levels[i] for i in sorted(common))
