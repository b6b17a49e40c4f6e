"""A fitted model as the score uses it: whole micro-logits, with amounts by feature that add up to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rapport.engine.statistics.additive import MICRO, AdditiveModel, BoostedModel, Features
from rapport.engine.statistics.additive.tables import Micros
from rapport.engine.statistics.auc import Floats


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """The model of a group of subjects, or of all.

    Attributes:
        tables: the additive model; where `trees` is there it only tells rates by value.
        trees: LightGBM, where the definition asked for it.
        shift: micro-logits added for a group whose level lies elsewhere than everybody's.
    """

    tables: AdditiveModel
    trees: BoostedModel | None = None
    shift: int = 0

    def log_odds(self, features: Features) -> Floats:
        return self.micro_logits(features) / MICRO

    def micro_logits(self, features: Features) -> Micros:
        if self.trees is None:
            return self.tables.micro_logits(features) + self.shift
        return _whole(self.trees.log_odds(features)) + self.shift

    def amounts(self, features: Features) -> tuple[tuple[str, ...], Micros]:
        """Names of features, and what each adds (rows x names); the rest of a row's total is its start."""
        if self.trees is None:
            return self.tables.names, self.tables.contributions(features)
        return self.trees.names, _whole(self.trees.tree_contributions(features)[:, :-1])

    @property
    def names(self) -> tuple[str, ...]:
        """Features that are read."""
        trees = self.trees.names if self.trees is not None else ()
        return tuple(dict.fromkeys((*self.tables.names, *trees)))

    @property
    def importance(self) -> dict[str, float]:
        """Mean absolute amount in logits over the training cases, by feature, the largest first."""
        found = {
            t.name: float((np.abs(t.micros) * t.counts).sum() / max(1, t.counts.sum()) / MICRO)
            for t in self.tables.tables
        }
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def to_dict(self) -> dict[str, Any]:
        stored: dict[str, Any] = {"tables": self.tables.to_dict(), "shift": self.shift}
        if self.trees is not None:
            t = self.trees
            stored["trees"] = {
                "names": list(t.names),
                "levels": {name: list(levels) for name, levels in t.levels.items()},
                "text": t.text,
                "n": t.n,
                "event_count": t.event_count,
            }
        return stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Predictor:
        trees = None
        if (kept := stored.get("trees")) is not None:
            levels = {name: tuple(values) for name, values in kept["levels"].items()}
            trees = BoostedModel(**{**kept, "names": tuple(kept["names"]), "levels": levels})
        return cls(tables=AdditiveModel.from_dict(stored["tables"]), trees=trees, shift=stored["shift"])


def _whole(logits: Floats) -> Micros:
    return np.rint(logits * MICRO).astype(np.int64)
