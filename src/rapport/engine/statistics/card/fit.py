"""Learn a points card: shapes from boosted stumps, best segments, forward selection, logistic, whole points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import expit
from scipy.stats import chi2

from rapport.engine.statistics.additive.features import Features
from rapport.engine.statistics.additive.model import MICRO, AdditiveModel
from rapport.engine.statistics.additive.stumps import fit_additive
from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.card.lines import Lines, lines_of
from rapport.engine.statistics.card.points import pointed
from rapport.engine.statistics.card.spec import Card
from rapport.engine.statistics.ridge import ridge_logistic

_BY_CHANCE = 0.05  # how often one feature of all that are looked at may come in by chance


def fit_card(
    features: Features,
    events: Flags,
    *,
    size: int = 10,
    bins: int = 5,
    total: int = 100,
    weights: Floats | None = None,
    groups: Any = None,
    monotone: Mapping[str, int] | None = None,
    model: AdditiveModel | None = None,
    seed: int = 0,
) -> Card:
    """A card of at most `size` features with at most `bins` lines each (unknown is a line), 0 to `total` points.

    Each feature's shape in an additive model is cut into its best segments; features are taken in turn, each
    time the one that adds most likelihood to those taken, as long as that is more than chance; a logistic
    regression fits the lines anew, shrunk toward the shapes; its amounts become whole points. Declared
    directions hold for the points too.

    Parameters: as `fit_additive`; model, one already fitted on the same rows.
    Returns: a card without features where nothing can be told from chance.
    """
    truth = np.asarray(events, dtype=bool)
    weight = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    shapes = model or fit_additive(features, truth, weights=weight, groups=groups, monotone=monotone, seed=seed)
    chosen = _selected(_drawn(shapes, features, bins), truth, weight, size, shapes.base_micro_logit / MICRO)
    if len(chosen) < len(shapes.tables):
        own = features.select([one.table.name for one in chosen])
        shapes = fit_additive(own, truth, weights=weight, groups=groups, monotone=monotone, seed=seed)
        chosen = _drawn(shapes, own, bins)
    return pointed(chosen, truth, weight, total=total, monotone=monotone or {})


def _drawn(shapes: AdditiveModel, features: Features, bins: int) -> list[Lines]:
    found = (lines_of(table, features[table.name], bins) for table in shapes.tables)
    return [one for one in found if one is not None]


def _selected(drawn: Sequence[Lines], truth: Flags, weight: Floats, size: int, base: float) -> list[Lines]:
    """Forward selection by the score test, each feature as one column of its shape; Bonferroni over all of them."""
    if not drawn or not truth.any() or truth.all():
        return []
    columns = np.column_stack([one.heights[one.codes] for one in drawn])
    taken, left = list[int](), list(range(len(drawn)))
    beta = np.array([base])
    least = float(chi2.isf(_BY_CHANCE / len(drawn), 1))
    while left and len(taken) < size:
        design = np.column_stack([np.ones(len(truth)), columns[:, taken]])
        penalties = np.r_[0.0, np.full(len(taken), 1e-3)]
        beta, _ = ridge_logistic(design, truth, weights=weight, penalties=penalties, start=beta)
        gains = _gains(design, columns[:, left], truth, weight, beta)
        best = int(np.argmax(gains))
        if gains[best] < least:
            break
        taken.append(left.pop(best))
        beta = np.r_[beta, 1.0]
    return [drawn[position] for position in taken]


def _gains(design: Floats, candidates: Floats, truth: Flags, weight: Floats, beta: Floats) -> Floats:
    """Rao's score statistic of each candidate column, given the fit on `design`."""
    chance = expit(design @ beta)
    bend = chance * (1 - chance) * weight
    pull = candidates.T @ ((truth - chance) * weight)
    bent = candidates * bend[:, None]
    cross = design.T @ bent
    information = design.T @ (design * bend[:, None])
    explained = np.einsum("ij,ij->j", cross, np.linalg.solve(information + 1e-9 * np.eye(len(beta)), cross))
    own = np.einsum("ij,ij->j", candidates, bent) - explained
    return np.where(own > 1e-6, pull**2 / np.maximum(own, 1e-6), 0.0)
