"""CDNOW purchase histories as the papers take them: weeks, purchases of one day together, spend of repeat days."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from golden import cdnow
from rapport.engine.scores.lifetime.models import PurchaseGroups, SpendGroups

CALIBRATION_END = date(1997, 9, 30)  # 39 weeks
DATA_END = date(1998, 6, 30)  # 78 weeks


@dataclass(frozen=True)
class Cohort:
    """Customers in order of their number: histories in weeks, and mean spend of repeat days (0 without)."""

    histories: PurchaseGroups
    mean_spend: np.ndarray

    @property
    def spend(self) -> SpendGroups:
        known = (self.histories.x > 0) & (self.mean_spend > 0)
        return SpendGroups(self.histories.x[known], self.mean_spend[known])


@lru_cache
def cohort(folder: Path, end: date) -> Cohort:
    days: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for row in cdnow.purchases(folder):
        days[row.customer][row.day] += float(row.amount)
    rows = [_row(days[customer], end) for customer in sorted(days)]
    x, t_x, age, spend = (np.array(column) for column in zip(*rows, strict=True))
    return Cohort(PurchaseGroups(x, t_x, age), spend)


def _row(days: dict[date, float], end: date) -> tuple[float, float, float, float]:
    known = sorted(day for day in days if day <= end)
    repeats = [days[day] for day in known[1:]]
    spend = sum(repeats) / len(repeats) if repeats else 0.0
    return len(repeats), (known[-1] - known[0]).days / 7, (end - known[0]).days / 7, spend


@lru_cache
def summary(folder: Path) -> Cohort:
    """The published summary file, times rounded to two decimals."""
    file = folder / "cdnow" / "cdnow_customers_summary_with_transactions.csv"
    table = np.genfromtxt(file, delimiter=",", names=True)
    return Cohort(PurchaseGroups(table["x"], table["t_x"], table["T"]), table["zbar"])
