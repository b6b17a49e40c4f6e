"""A model whose log-odds are a sum of one table lookup per feature: exact reasons by construction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from rapport.engine.errors import MissingColumn
from rapport.engine.statistics.additive.features import Features
from rapport.engine.statistics.additive.tables import Micros, Table, table_from_dict
from rapport.engine.statistics.auc import Floats

MICRO = 1_000_000


@dataclass(frozen=True, kw_only=True)
class AdditiveModel:
    """log-odds = base + one looked-up amount per feature, all whole micro-logits.

    Attributes:
        kind: "stumps" (boosted) or "linear" (logistic regression).
        base_micro_logit: mean of the training rows' log-odds; the tables are centred on it, so a feature's
            amount is its Shapley value against the training rows, and amounts and base sum to the total exactly.
        tables: one per feature that says anything, in the order of the features.
        n, event_count: training rows and how many of them had the event.
        out_of_fold: log-odds of each training row by models that had not seen it (nan where none), for
            calibration; not stored.
    """

    kind: str
    base_micro_logit: int
    tables: tuple[Table, ...]
    n: int
    event_count: int
    out_of_fold: Floats | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Features that the contributions have a column for, in order."""
        return tuple(table.name for table in self.tables)

    @property
    def base_rate(self) -> float:
        return self.event_count / self.n if self.n else 0.0

    def contributions(self, features: Features) -> Micros:
        """Rows x `names`, int64 micro-logits; a row's sum plus `base_micro_logit` is its total, to the digit."""
        self._check(features)
        amounts = np.empty((features.count, len(self.tables)), dtype=np.int64, order="F")
        for position, table in enumerate(self.tables):
            amounts[:, position] = table.lookup(features[table.name])
        return amounts

    def micro_logits(self, features: Features) -> Micros:
        """The log-odds of each row in whole micro-logits."""
        self._check(features)
        total = np.full(features.count, self.base_micro_logit, dtype=np.int64)
        for table in self.tables:
            total += table.lookup(features[table.name])
        return total

    def log_odds(self, features: Features) -> Floats:
        return self.micro_logits(features) / MICRO

    def probabilities(self, features: Features) -> Floats:
        """Before calibration."""
        return np.asarray(expit(self.log_odds(features)), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": self.kind,
            "base_micro_logit": self.base_micro_logit,
            "n": self.n,
            "event_count": self.event_count,
            "tables": [table.to_dict() for table in self.tables],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> AdditiveModel:
        return cls(
            kind=stored["kind"],
            base_micro_logit=stored["base_micro_logit"],
            n=stored["n"],
            event_count=stored["event_count"],
            tables=tuple(table_from_dict(table) for table in stored["tables"]),
        )

    def _check(self, features: Features) -> None:
        for table in self.tables:
            if table.name not in features.columns:
                raise MissingColumn(table.name, needed_by="The model", present=features.names)
