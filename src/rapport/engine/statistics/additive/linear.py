"""Regularised logistic regression, compiled to the same tables as the boosted model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rapport.engine.statistics.additive.assembly import assembled, base_log_odds
from rapport.engine.statistics.additive.binning import Binned, binned, sum_by_bin
from rapport.engine.statistics.additive.features import Column, Features, Numbers
from rapport.engine.statistics.additive.model import AdditiveModel
from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.folds import fold_numbers
from rapport.engine.statistics.ridge import ridge_logistic

_RIDGES = (1.0, 10.0, 100.0)
_FOLDS = 5


def fit_linear(
    features: Features,
    events: Flags,
    *,
    weights: Floats | None = None,
    groups: Any = None,
    monotone: Mapping[str, int] | None = None,
    seed: int = 0,
) -> AdditiveModel:
    """Logistic regression: one slope per number, one amount per common category, shrunk by a ridge.

    Numbers are read as the mean of their bin (at most 64), in standard deviations, so that a slope is a
    table that every engine looks up alike and outliers count no more than the last bin; unknown has an
    amount of its own. The ridge is the one of three that tells the rows left out best, in five folds.

    Parameters: as `fit_additive`; a slope against a declared direction is left at 0.
    """
    truth = np.asarray(events, dtype=bool)
    weight = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    columns = binned(features)
    layout = _Layout.of(columns, features, weight)
    fold = fold_numbers(truth, count=_FOLDS, groups=groups, seed=seed)
    design = layout.design(columns)
    ridge, told = _best_ridge(design, truth, weight, fold)
    beta = _fit(design, truth, weight, ridge)
    for _ in columns:
        against = layout.against(beta, monotone or {})
        if not against:
            break
        design[:, against] = 0.0
        beta = _fit(design, truth, weight, ridge)
    model = assembled("linear", columns, layout.flat(beta), float(beta[0]), truth, weight)
    return replace(model, out_of_fold=told)


@dataclass(frozen=True)
class _Layout:
    """Each bin's standing in the design: per feature a matrix of bins x own columns, after the intercept."""

    names: tuple[str, ...]
    parts: tuple[Floats, ...]

    @classmethod
    def of(cls, columns: Sequence[Binned], features: Features, weight: Floats) -> _Layout:
        return cls(tuple(c.name for c in columns), tuple(_standing(c, features[c.name], weight) for c in columns))

    def design(self, columns: Sequence[Binned]) -> Floats:
        rows = [part[column.codes] for part, column in zip(self.parts, columns, strict=True)]
        count = len(columns[0].codes) if columns else 0
        return np.column_stack([np.ones(count), *rows])

    def flat(self, beta: Floats) -> Floats:
        """Each bin's logits, bin after bin."""
        if not self.parts:
            return np.zeros(0)
        ends = np.cumsum([1, *(part.shape[1] for part in self.parts)])
        return np.concatenate([p @ beta[a:b] for p, a, b in zip(self.parts, ends, ends[1:], strict=False)])

    def against(self, beta: Floats, monotone: Mapping[str, int]) -> list[int]:
        """Slopes that go against their declared direction."""
        starts = np.cumsum([1, *(part.shape[1] for part in self.parts)])
        return [int(s) for name, s in zip(self.names, starts, strict=False) if beta[s] * monotone.get(name, 0) < 0]


def _standing(one: Binned, column: Column, weight: Floats) -> Floats:
    if not isinstance(column, Numbers):
        return np.eye(one.size)
    counts = sum_by_bin(one.codes, weight, one.size)
    sums = sum_by_bin(one.codes, weight * np.nan_to_num(column.values), one.size)
    known = counts[:-1] > 0
    means = np.where(known, sums[:-1] / np.maximum(counts[:-1], 1e-12), 0.0)
    total = counts[:-1].sum()
    middle = float((means * counts[:-1]).sum() / total) if total else 0.0
    spread = float(np.sqrt(((means - middle) ** 2 * counts[:-1]).sum() / total)) if total else 0.0
    standing = np.zeros((one.size, 2))
    standing[:-1, 0] = np.where(known, (means - middle) / spread, 0.0) if spread > 0 else 0.0
    standing[-1, 1] = 1.0
    return standing


def _fit(design: Floats, truth: Flags, weight: Floats, ridge: float, start: Floats | None = None) -> Floats:
    if not truth.any() or truth.all():
        return np.concatenate([[base_log_odds(truth, weight)], np.zeros(design.shape[1] - 1)])
    penalties = np.full(design.shape[1], ridge)
    penalties[0] = 0.0
    return ridge_logistic(design, truth, weights=weight, penalties=penalties, start=start)[0]


def _best_ridge(design: Floats, truth: Flags, weight: Floats, fold: Any) -> tuple[float, Floats]:
    """The ridge and each row's log-odds by the fit that left it out."""
    told = {ridge: np.full(len(truth), np.nan) for ridge in _RIDGES}
    beta: Floats | None = None
    for k in range(_FOLDS):
        learns, away = fold != k, fold == k
        part, outcome, own = design[learns], truth[learns], weight[learns]
        for ridge in sorted(_RIDGES, reverse=True):
            beta = _fit(part, outcome, own, ridge, beta)  # the one before is near
            told[ridge][away] = design[away] @ beta
    losses = {r: float((np.logaddexp(0.0, np.where(truth, -o, o)) * weight).sum()) for r, o in told.items()}
    best = min(losses, key=lambda ridge: (losses[ridge], -ridge))
    return best, told[best]
