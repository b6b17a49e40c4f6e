"""What the models are fitted on: customers who are alike, counted once.

The likelihood of a customer depends on a few whole numbers, so customers that share them are one row
with a weight. A fit then costs by the number of different rows, not by the number of customers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rapport.engine.errors import DataError

Floats = NDArray[np.float64]

_WHOLE = 1_000_000


def weighted(values: Floats, weights: Floats) -> float:
    """Sum of products, on one core: BLAS would start threads for so little and wait for them on a busy machine."""
    return float(np.einsum("i,i->", values, weights))


def distinct(values: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Ascending distinct values and each entry's place among them; whole numbers, the usual case, without sorting."""
    if len(values) > 1_000 and values.min() >= 0 and values.max() < _WHOLE:
        whole = values.astype(np.intp)
        if np.array_equal(whole, values):
            present = np.bincount(whole) > 0
            return np.flatnonzero(present).astype(np.float64), (np.cumsum(present) - 1)[whole]
    found, place = np.unique(values, return_inverse=True)
    return found, place


def _left_out() -> Floats:
    return np.empty(0)


def _column(values: ArrayLike) -> Floats:
    column = np.ascontiguousarray(values, dtype=np.float64)
    return column.reshape(-1)


@dataclass(frozen=True)
class _Groups:
    """Columns of equal length; without weights each row is one customer."""

    def _settle(self, **columns: ArrayLike) -> None:
        settled = {name: _column(values) for name, values in columns.items()}
        rows = max((len(c) for c in settled.values()), default=0)
        for name in columns:
            column = settled[name] if len(settled[name]) or name != "weight" else np.ones(rows)
            if len(column) != rows:
                raise DataError("Columns differ in length.", where=name, received=len(column), allowed=str(rows))
            if not np.isfinite(column).all():
                raise DataError("A value is missing or infinite.", where=name)
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """Some of the rows."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def columns(self) -> Mapping[str, Floats]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True)
class PurchaseGroups(_Groups):
    """Purchase histories, one row per different history.

    Attributes: arrays of equal length. Times in any one unit, the same for all.
        x: repeat purchases (days with a purchase after the first); 0 for one-time buyers.
        t_x: time from the first to the last purchase; 0 where x is 0.
        T: time from the first purchase to now. For BG/BB: the purchase opportunities there were, and
            t_x the last one taken.
        weight: customers with this history; left out: 1 each.
    Raises: DataError where lengths differ, a value is missing, or not 0 <= t_x <= T.
    """

    x: Floats
    t_x: Floats
    T: Floats
    weight: Floats = field(default_factory=_left_out)

    def __post_init__(self) -> None:
        self._settle(x=self.x, t_x=self.t_x, T=self.T, weight=self.weight)
        wrong = (self.t_x < 0) | (self.t_x > self.T * (1 + 1e-12)) | (self.x < 0) | (self.weight < 0)
        wrong |= (self.x == 0) & (self.t_x > 0)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(
                "A purchase history contradicts itself.",
                where=f"row {row}",
                received={name: float(c[row]) for name, c in self.columns().items()},
                allowed="0 <= t_x <= T, t_x = 0 where x = 0, no negative weight",
            )

    @property
    def customers(self) -> float:
        return float(self.weight.sum())


@dataclass(frozen=True)
class SpendGroups(_Groups):
    """What repeat buyers spend per repeat purchase, one row per different (x, spend) or narrow range of spend.

    Attributes: arrays of equal length.
        x: repeat purchases, at least 1.
        mean_spend: average amount of the repeat purchases, above 0.
        weight: customers; left out: 1 each.
        mean_log_spend: average of log(mean_spend) within the row; left out: log(mean_spend), exact where
            the row holds one amount.
    """

    x: Floats
    mean_spend: Floats
    weight: Floats = field(default_factory=_left_out)
    mean_log_spend: Floats = field(default_factory=_left_out)

    def __post_init__(self) -> None:
        spend = _column(self.mean_spend)
        if len(_column(self.mean_log_spend)) != len(spend):
            object.__setattr__(self, "mean_log_spend", np.log(np.where(spend > 0, spend, 1.0)))
        self._settle(x=self.x, mean_spend=self.mean_spend, weight=self.weight, mean_log_spend=self.mean_log_spend)
        if (self.x < 1).any() or (self.mean_spend <= 0).any() or (self.weight < 0).any():
            raise DataError(
                "Spend is modelled for repeat buyers with amounts above 0.",
                where="SpendGroups",
                next_step="Leave out customers with x = 0 or a mean spend of 0.",
            )

    @property
    def customers(self) -> float:
        return float(self.weight.sum())


@dataclass(frozen=True)
class TermGroups(_Groups):
    """Contracts by how many renewals they came through, one row per different count (and, if wanted, cohort).

    Attributes: arrays of equal length.
        renewal: k = 1, 2, ...: the number of a renewal.
        ended: contracts that ended at renewal k, after k - 1 renewals.
        survived: contracts that were renewed k times and are not yet due again (censored). Survivors of zero
            renewals say nothing and are left out, or given as k = 0 with ended 0.
    """

    renewal: Floats
    ended: Floats
    survived: Floats

    def __post_init__(self) -> None:
        self._settle(renewal=self.renewal, ended=self.ended, survived=self.survived)
        if ((self.renewal < 1) & (self.ended > 0)).any() or (self.renewal < 0).any():
            raise DataError("A contract can end at renewal 1 at the earliest.", where="TermGroups.renewal")
        if (self.ended < 0).any() or (self.survived < 0).any():
            raise DataError("Counts of contracts are never negative.", where="TermGroups")

    @property
    def customers(self) -> float:
        return float(self.ended.sum() + self.survived.sum())

    @classmethod
    def of_survivors(cls, alive: ArrayLike) -> TermGroups:
        """From one cohort's counts: alive[0] at the start, alive[k] after renewal k."""
        counts = _column(alive)
        ended = counts[:-1] - counts[1:]
        survived = np.zeros_like(ended)
        survived[-1] = counts[-1]
        return cls(np.arange(1.0, len(counts)), ended, survived)


Groups = PurchaseGroups | SpendGroups | TermGroups
