"""Fitting one model to cases, and trying models forward in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rapport.engine.scores.conversion.cases import Period
from rapport.engine.scores.conversion.predictor import Predictor
from rapport.engine.scores.conversion.selection import MOST_FEATURES, selected
from rapport.engine.statistics.additive import (
    AdditiveModel,
    Categories,
    Features,
    Numbers,
    fit_additive,
    fit_boosted,
    fit_linear,
)
from rapport.engine.statistics.additive.features import Column
from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.comparison import Measured, compare
from rapport.engine.statistics.folds import fold_numbers, forward_folds

LINEAR, ADDITIVE, BOOSTED = "linear", "stumps", "boosted"
FEWEST_EVENTS = 10  # fewer tell nobody apart
MOST_OF_LINEAR, MOST_ROWS_OF_LINEAR = 15, 20_000  # the baseline; its cost grows with rows x columns squared
_TRIED_PERIODS = 2


@dataclass(frozen=True)
class Pool:
    """The cases of several periods, one after the other.

    Attributes: period, the position of each case's period, the earliest first; subject_ids, whose each case is.
    """

    features: Features
    events: Flags
    subject_ids: NDArray[np.object_]
    group_names: NDArray[np.object_]
    period: NDArray[np.intp]

    @classmethod
    def of(cls, periods: Sequence[Period]) -> Pool:
        return cls(
            stacked([p.features for p in periods]),
            np.concatenate([p.events for p in periods]),
            np.concatenate([p.subject_ids for p in periods]),
            np.concatenate([p.group_names for p in periods]),
            np.repeat(np.arange(len(periods)), [p.count for p in periods]),
        )

    @property
    def event_count(self) -> int:
        return int(self.events.sum())

    def take(self, rows: NDArray[np.generic]) -> Pool:
        return Pool(
            self.features.take(rows),
            self.events[rows],
            self.subject_ids[rows],
            self.group_names[rows],
            self.period[rows],
        )

    def select(self, names: Sequence[str]) -> Pool:
        return Pool(self.features.select(names), self.events, self.subject_ids, self.group_names, self.period)


def stacked(parts: Sequence[Features]) -> Features:
    """Rows of the same features, one after the other."""
    return Features({name: _stacked([part[name] for part in parts]) for name in parts[0].names})


def _stacked(columns: Sequence[Column]) -> Column:
    if all(isinstance(c, Numbers) for c in columns):
        return Numbers(np.concatenate([c.values for c in columns if isinstance(c, Numbers)]))
    texts = [c for c in columns if isinstance(c, Categories)]
    levels = tuple(sorted({level for c in texts for level in c.levels}))
    place = {level: position for position, level in enumerate(levels)}
    codes = [np.array([*(place[level] for level in c.levels), -1], dtype=np.int32)[c.codes] for c in texts]
    return Categories(np.concatenate(codes), levels)


@dataclass(frozen=True)
class Learner:
    """Fits a kind of model to cases. The same cases give the same model.

    Attributes: directions, +1 or -1 by feature; always, features that selection leaves in.
    """

    kind: str
    directions: Mapping[str, int]
    always: tuple[str, ...] = ()

    def __call__(self, features: Features, events: Flags, whose: NDArray[np.generic]) -> Predictor:
        chosen = features.select(self._names(features, events, whose))
        told = self._told(chosen, events, whose)
        if self.kind != BOOSTED or not chosen.names:
            return Predictor(tables=told)
        return Predictor(tables=told, trees=fit_boosted(chosen, events, groups=whose))

    def _names(self, features: Features, events: Flags, whose: NDArray[np.generic]) -> tuple[str, ...]:
        if int(events.sum()) < FEWEST_EVENTS or int((~events).sum()) < FEWEST_EVENTS:
            return ()
        halves = fold_numbers(events, count=2, groups=whose) == 0
        kept = [name for name in (*self.directions, *self.always) if name in features.columns]
        most = MOST_OF_LINEAR if self.kind == LINEAR else MOST_FEATURES
        return selected(features, events, halves=halves, always=kept, most=most)

    def _told(self, features: Features, events: Flags, whose: NDArray[np.generic]) -> AdditiveModel:
        signs = {name: sign for name, sign in self.directions.items() if name in features.columns}
        if self.kind != LINEAR or not features.names:  # without features either is the base rate
            return fit_additive(features, events, groups=whose, monotone=signs)
        rows = np.arange(0, len(events), -(-len(events) // MOST_ROWS_OF_LINEAR))
        return fit_linear(features.take(rows), events[rows], groups=whose[rows], monotone=signs)


def tried(pool: Pool, learners: Sequence[Learner]) -> tuple[Measured, ...]:
    """Each model learnt from earlier periods and measured on the newest two; nothing where there is one period."""
    folds = forward_folds(pool.period, most=_TRIED_PERIODS)
    if not folds or pool.event_count < FEWEST_EVENTS:
        return ()
    fits = {learner.kind: learner for learner in learners}
    return compare(fits, pool.features, pool.events, folds=folds, groups=pool.subject_ids)


def newest_loss(measured: Measured) -> Floats:
    """Log loss of each case of the newest period, told by a model that had not learnt from it."""
    return losses(measured.cases[-1].scores, measured.cases[-1].events)


def losses(log_odds: Floats, events: Flags) -> Floats:
    """Log loss of each case, natural logarithm."""
    return np.asarray(np.logaddexp(0.0, np.where(events, -log_odds, log_odds)), dtype=np.float64)
