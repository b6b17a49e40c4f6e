"""Purchases in memory: read once, and told as they stood on any day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class PurchaseLog:
    """One entry per customer and local day with a purchase or a refund, ordered by customer and day.

    Attributes: ids of the customers; who, their place in `ids`; day (since 1970); purchases (orders, 0 where money was
        only given back); priced, purchases with a known amount; spent, net of what was given back that day; margin,
        the same of margins, and margin_of, what was spent on the purchases whose margin is known.
    """

    ids: pa.Array
    who: Whole
    day: Whole
    purchases: Whole
    priced: Whole
    spent: Floats
    margin: Floats
    margin_of: Floats

    @classmethod
    def of(cls, rows: pa.Table) -> PurchaseLog:
        """From rows with customer_id and the columns above, in any order."""
        coded = pc.dictionary_encode(rows["customer_id"].combine_chunks())
        who = np.asarray(coded.indices, dtype=np.int64)
        day = np.asarray(rows["day"].combine_chunks().cast(pa.date32()).cast(pa.int32()), dtype=np.int64)
        order = np.argsort(who * 100_000 + day, kind="stable")
        purchases, priced = (_numbers(rows, n).astype(np.int64)[order] for n in ("purchases", "priced"))
        spent, margin, margin_of = (_numbers(rows, n)[order] for n in ("spent", "margin", "margin_of"))
        return cls(coded.dictionary, who[order], day[order], purchases, priced, spent, margin, margin_of)


@dataclass(frozen=True)
class Standing:
    """Customers with a purchase, as they stood at the end of a day. Arrays of equal length.

    Attributes:
        who: place in the log's `ids`; first: day of the first purchase.
        x: purchase days after the first; t_x, days from first to last; age, days from first to that day.
        purchases: orders; since, days since the last one.
        priced_days: purchase days with a known amount; spent, margin, margin_of: to date, as in the log.
    """

    who: Whole
    first: Whole
    x: Floats
    t_x: Floats
    age: Floats
    purchases: Whole
    since: Whole
    priced_days: Whole
    spent: Floats
    margin: Floats
    margin_of: Floats

    def __len__(self) -> int:
        return len(self.who)

    @property
    def mean_spend(self) -> Floats:
        """Of a purchase day; 0 where none is known or nothing is left of it."""
        mean = self.spent / np.maximum(self.priced_days, 1)
        return np.where((self.priced_days > 0) & (mean > 0), mean, 0.0)


def standing(log: PurchaseLog, today: date) -> Standing:
    """The customers of the log as they stood at the end of `today`, one pass over it."""
    until = (today - EPOCH).days
    past = log.day <= until
    who, day, bought = log.who[past], log.day[past], log.purchases[past] > 0
    if not bought.any():
        nothing = np.empty(0)
        none = nothing.astype(np.int64)
        return Standing(none, none, nothing, nothing, nothing, none, none, none, nothing, nothing, nothing)
    starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])

    def added(values: Floats | Whole) -> np.ndarray:
        return np.add.reduceat(values, starts)

    first = np.minimum.reduceat(np.where(bought, day, np.iinfo(np.int64).max), starts)
    last = np.maximum.reduceat(np.where(bought, day, -1), starts)
    days = added(bought.astype(np.int64))
    kept = days > 0  # money given back before any purchase says nothing
    first, last = first[kept], last[kept]
    return Standing(
        who=who[starts][kept],
        first=first,
        x=(days[kept] - 1).astype(np.float64),
        t_x=(last - first).astype(np.float64),
        age=(until - first).astype(np.float64),
        purchases=added(log.purchases[past])[kept],
        since=until - last,
        priced_days=added((log.priced[past] > 0).astype(np.int64))[kept],
        spent=added(log.spent[past])[kept],
        margin=added(log.margin[past])[kept],
        margin_of=added(log.margin_of[past])[kept],
    )


def _numbers(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name].cast(pa.float64()).fill_null(0.0).to_numpy(), dtype=np.float64)
