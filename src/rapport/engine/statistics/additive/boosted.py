"""LightGBM, the challenger: what an additive model is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from rapport.engine.errors import EngineCannot
from rapport.engine.statistics.additive.features import Categories, Column, Features, Numbers
from rapport.engine.statistics.auc import Flags, Floats

_SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "lambda_l2": 1.0,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_cat_to_onehot": 8,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
_ROUNDS = 150


@dataclass(frozen=True, kw_only=True)
class BoostedModel:
    """Trees of LightGBM; no tables, so no exact reasons in whole numbers.

    Attributes: names and levels of the features as they were learned; text, LightGBM's own form.
    """

    names: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    text: str
    n: int
    event_count: int

    def log_odds(self, features: Features) -> Floats:
        booster = _lightgbm().Booster(model_str=self.text)
        matrix = _matrix(features, self.names, self.levels)
        return np.asarray(booster.predict(matrix, raw_score=True, num_threads=1), dtype=np.float64)

    def probabilities(self, features: Features) -> Floats:
        return np.asarray(expit(self.log_odds(features)), dtype=np.float64)

    def tree_contributions(self, features: Features) -> Floats:
        """Rows x (names + base): LightGBM's TreeSHAP, in logits; slow, for comparison."""
        booster = _lightgbm().Booster(model_str=self.text)
        return np.asarray(booster.predict(_matrix(features, self.names, self.levels), pred_contrib=True))


def fit_boosted(
    features: Features,
    events: Flags,
    *,
    weights: Floats | None = None,
    groups: Any = None,
    seed: int = 0,
) -> BoostedModel:
    """150 small regularised trees of 15 leaves, one thread, the same for the same input.

    Raises: EngineCannot where LightGBM does not load on this machine.
    """
    del groups  # all rows are learned from; the same call as the other models
    lightgbm = _lightgbm()
    levels = {name: c.levels for name, c in features.columns.items() if isinstance(c, Categories)}
    truth = np.asarray(events, dtype=np.float64)
    chosen = [position for position, name in enumerate(features.names) if name in levels]
    rows = lightgbm.Dataset(
        _matrix(features, features.names, levels), label=truth, weight=weights, categorical_feature=chosen
    )
    booster = lightgbm.train({**_SETTINGS, "seed": seed}, rows, num_boost_round=_ROUNDS)
    return BoostedModel(
        names=features.names, levels=levels, text=booster.model_to_string(), n=len(truth), event_count=int(truth.sum())
    )


def _matrix(features: Features, names: tuple[str, ...], levels: dict[str, tuple[str, ...]]) -> Floats:
    matrix = np.empty((features.count, len(names)), dtype=np.float64)
    for position, name in enumerate(names):
        matrix[:, position] = _as_numbers(features[name], levels.get(name, ()))
    return matrix


def _as_numbers(column: Column, levels: tuple[str, ...]) -> Floats:
    """Numbers as they are; categories by their place among the learned levels, nan where not among them."""
    if isinstance(column, Numbers):
        return column.values
    place = {level: float(position) for position, level in enumerate(levels)}
    return np.array([*(place.get(level, np.nan) for level in column.levels), np.nan])[column.codes]


def _lightgbm() -> Any:
    try:
        import lightgbm
    except (ImportError, OSError) as failure:
        raise EngineCannot(
            "LightGBM does not load on this machine.",
            received=str(failure),
            next_step="Install its OpenMP library (libgomp1), or keep to the additive models.",
        ) from failure
    return lightgbm
