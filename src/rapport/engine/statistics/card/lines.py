"""A feature's shape cut into the few lines that a card can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rapport.engine.statistics.additive.binning import Bins
from rapport.engine.statistics.additive.features import Column
from rapport.engine.statistics.additive.model import MICRO
from rapport.engine.statistics.additive.tables import NumericTable, Table
from rapport.engine.statistics.auc import Floats
from rapport.engine.statistics.card.segmentation import segments

_FEWEST_ROWS = 20
_FEWEST_SHARE = 0.01


@dataclass(frozen=True, kw_only=True)
class Lines:
    """A feature as lines: `codes[row]` is the line, or the number of lines for what none holds.

    Attributes:
        bins_of_line: positions of the table's bins, line by line; the last line may be unknown alone.
        heights: log-odds of each line by the shape, then 0 for what no line holds.
    """

    table: Table
    bins_of_line: tuple[tuple[int, ...], ...]
    codes: Bins
    heights: Floats

    @property
    def count(self) -> int:
        return len(self.bins_of_line)

    def merged(self, first: int) -> Lines:
        """Lines `first` and `first + 1` as one."""
        own = list(self.bins_of_line)
        own[first : first + 2] = [own[first] + own[first + 1]]
        codes = np.where(self.codes > first, self.codes - 1, self.codes)
        return _lines(self.table, own, codes)


def lines_of(table: Table, column: Column, most: int) -> Lines | None:
    """At most `most` lines; None where only one would be left. Unknown is a line where enough cases are."""
    unknown = len(table.counts) - 1
    fewest = max(_FEWEST_ROWS, _FEWEST_SHARE * float(table.counts.sum()))
    apart = bool(table.counts[unknown] >= fewest)
    present = [i for i in range(unknown) if table.counts[i] > 0]
    if not isinstance(table, NumericTable):
        present.sort(key=lambda i: (int(table.micros[i]), i))
    grouped = _grouped(table, present, most - apart, fewest)
    if apart:
        grouped.append((unknown,))
    if len(grouped) < 2:
        return None
    line_of_bin = np.full(len(table.counts), len(grouped), dtype=np.intp)
    for line, bins in enumerate(grouped):
        line_of_bin[list(bins)] = line
    return _lines(table, grouped, line_of_bin[table.bins(column)])


def _grouped(table: Table, present: Sequence[int], most: int, fewest: float) -> list[tuple[int, ...]]:
    if not present:
        return []
    at = list(present)
    counts = table.counts[at].astype(np.float64)
    starts = segments(table.micros[at] / MICRO, table.errors[at] ** -2, most=most, least=counts, fewest=fewest)
    ends = [*starts[1:], len(at)]
    return [tuple(at[start:end]) for start, end in zip(starts, ends, strict=True)]


def _lines(table: Table, grouped: Sequence[tuple[int, ...]], codes: Bins) -> Lines:
    heights = np.zeros(len(grouped) + 1)
    for line, bins in enumerate(grouped):
        at = list(bins)
        heights[line] = np.average(table.micros[at] / MICRO, weights=table.errors[at] ** -2)
    return Lines(table=table, bins_of_line=tuple(grouped), codes=codes, heights=heights)
