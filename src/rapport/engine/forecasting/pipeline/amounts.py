"""What a won deal brings: amounts of open deals where known, and of deals like those won before where not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapport.engine.forecasting.pipeline.book import Book, Floats

_RECENT_DAYS = 365.0
_PRIOR_DEALS = 10.0  # a group's mean counts half at so many won deals
_TOP_SHARE = 0.995  # the few largest amounts are taken back to this quantile before means are told


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Mean and variance of a won deal's amount: of all, and of each group; won deals with a known amount behind it."""

    mean: float
    variance: float
    of_group: Floats
    count: int


def amounts(book: Book, group: np.ndarray, groups: int) -> Amounts:
    """From deals won in the last year, else ever; nan where no won deal has an amount."""
    known = book.won & ~np.isnan(book.amount)
    recent = known & (book.closed >= book.at - _RECENT_DAYS)
    used = recent if recent.sum() >= _PRIOR_DEALS else known
    if not used.any():
        return Amounts(mean=np.nan, variance=np.nan, of_group=np.full(groups, np.nan), count=0)
    value = np.clip(book.amount[used], 0.0, None)
    value = np.minimum(value, np.quantile(value, _TOP_SHARE)) if len(value) > 200 else value
    mean = float(value.mean())
    count = np.bincount(group[used], minlength=groups)
    total = np.bincount(group[used], value, minlength=groups)
    return Amounts(
        mean=mean,
        variance=float(value.var(ddof=1)) if len(value) > 1 else mean**2,
        of_group=(total + _PRIOR_DEALS * mean) / (count + _PRIOR_DEALS),
        count=len(value),
    )
