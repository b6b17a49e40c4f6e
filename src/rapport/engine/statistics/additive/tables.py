"""What one feature adds, as a table of whole micro-logits: by range of a number or by category."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rapport.engine.errors import DataError
from rapport.engine.statistics.additive.features import Categories, Column, Numbers
from rapport.engine.statistics.additive.ranges import range_numbers
from rapport.engine.statistics.auc import Floats

Micros = NDArray[np.int64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class NumericTable:
    """Micro-logits by range of a number.

    Attributes: k edges make k + 1 ranges and one bin for unknown, last.
        edges: ascending; range i is edges[i-1] < value <= edges[i].
        micros: k + 2 whole micro-logits, centred: 0 on average over the training rows.
        errors: k + 2 standard errors in logits.
        counts, events: training rows in each bin and how many of them had the event.
    """

    name: str
    edges: Floats
    micros: Micros
    errors: Floats
    counts: Counts
    events: Counts

    def bins(self, column: Column) -> NDArray[np.intp]:
        """The bin of each value."""
        if not isinstance(column, Numbers):
            raise _other_kind(self.name, "a category", "a number")
        return range_numbers(self.edges, column.values)

    def lookup(self, column: Column) -> Micros:
        return self.micros.take(self.bins(column))

    @property
    def labels(self) -> tuple[str, ...]:
        """Each bin in words, `unknown` last."""
        if not len(self.edges):
            return "any value", "unknown"
        ends = [_shown(edge) for edge in self.edges]
        inner = [f"above {low} to {high}" for low, high in pairwise(ends)]
        return f"at most {ends[0]}", *inner, f"above {ends[-1]}", "unknown"

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "edges": self.edges.tolist(), **_figures(self)}


@dataclass(frozen=True, kw_only=True)
class CategoryTable:
    """Micro-logits by category.

    Attributes: k categories make k + 2 bins: the categories, then unseen (not named here, rare ones
        among them), then unknown, last. The rest as in `NumericTable`.
    """

    name: str
    categories: tuple[str, ...]
    micros: Micros
    errors: Floats
    counts: Counts
    events: Counts

    def bins(self, column: Column) -> NDArray[np.intp]:
        """The bin of each value."""
        if not isinstance(column, Categories):
            raise _other_kind(self.name, "a number", "a category")
        place = {category: position for position, category in enumerate(self.categories)}
        unseen = len(self.categories)
        of_level = [place.get(level, unseen) for level in column.levels]
        return np.array([*of_level, unseen + 1], dtype=np.intp)[column.codes]

    def lookup(self, column: Column) -> Micros:
        return self.micros.take(self.bins(column))

    @property
    def labels(self) -> tuple[str, ...]:
        """Each bin in words, `other` and `unknown` last."""
        return *self.categories, "other", "unknown"

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "categories": list(self.categories), **_figures(self)}


Table = NumericTable | CategoryTable


def table_from_dict(stored: dict[str, Any]) -> Table:
    figures: dict[str, Any] = {
        "name": stored["name"],
        "micros": np.array(stored["micros"], dtype=np.int64),
        "errors": np.array(stored["errors"], dtype=np.float64),
        "counts": np.array(stored["counts"], dtype=np.int64),
        "events": np.array(stored["events"], dtype=np.int64),
    }
    if "edges" in stored:
        return NumericTable(edges=np.array(stored["edges"], dtype=np.float64), **figures)
    return CategoryTable(categories=tuple(stored["categories"]), **figures)


def _figures(table: Table) -> dict[str, Any]:
    return {
        "micros": table.micros.tolist(),
        "errors": [round(float(e), 6) for e in table.errors],
        "counts": table.counts.tolist(),
        "events": table.events.tolist(),
    }


def _other_kind(name: str, received: str, needed: str) -> DataError:
    return DataError(
        f"The model learned {name!r} as {needed}.",
        received=received,
        next_step="Fit the model again on the columns as they are now.",
    )


def _shown(edge: float) -> str:
    return f"{edge:.10g}"
