"""Boosted stumps, one feature at a time in turn, summed into one table per feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit

from rapport.engine.statistics.additive.assembly import assembled, base_log_odds
from rapport.engine.statistics.additive.binning import Binned, Bins, binned, sum_by_bin
from rapport.engine.statistics.additive.features import Features
from rapport.engine.statistics.additive.model import AdditiveModel
from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.folds import fold_numbers

_RATE = 0.25
_REFRESH = 4  # so many features learn from the same gradient
_MOST_SWEEPS = 300
_PATIENCE = 10
_RIDGE = 5.0
_LEAST_HESSIAN = 2.0
_SMOOTHING = 20.0
_FOLDS = 5
_MOST_ROWS = 60_000


def fit_additive(
    features: Features,
    events: Flags,
    *,
    weights: Floats | None = None,
    groups: Any = None,
    monotone: Mapping[str, int] | None = None,
    seed: int = 0,
) -> AdditiveModel:
    """Log-odds as a sum of one table per feature, by boosting stumps.

    Every sweep gives each feature in turn one small Newton step with one split (categories in the order of
    their smoothed rate; unknown has a step of its own). Five models are each fitted without a fifth of the
    rows; the sweep at which the rows left out are told best is where all stop, and the tables are their
    means. Few rows or no signal: it stops early, and the tables stay near 0.

    Parameters: one row per case. events, whether the outcome happened. weights, None for 1 each.
        groups, whose the row is; rows of one are left out together. monotone, +1 (never falls with the
        number) or -1 by feature. The same input gives the same model, to the last digit. Of more than 60,000
        rows a weighted sample is learned from, events first; support and centring are of all.
    Source: Friedman 2001, algorithm 5, with Newton leaves; Lou, Caruana and Gehrke 2012, cyclic and shrunken.
    """
    truth = np.asarray(events, dtype=bool)
    weight = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    columns = binned(features)
    fold = fold_numbers(truth, count=_FOLDS, groups=groups, seed=seed)
    kept, scale = _kept(truth, seed)
    few = [replace(column, codes=column.codes[kept]) for column in columns]
    runs = [_Run(few, truth[kept], weight[kept] * scale, fold[kept] != k, monotone or {}) for k in range(_FOLDS)]
    able = {k: run for k, run in enumerate(runs) if run.can_learn}
    best = _best_sweep(list(able.values())) if columns and able else 0
    flats = [run.history[best] for run in able.values()]
    flat = np.mean(flats, axis=0) if best else np.zeros(sum(column.size for column in columns))
    base = float(np.mean([run.base for run in able.values()])) if able else base_log_odds(truth, weight)
    model = assembled("stumps", columns, flat, base, truth, weight)
    return replace(model, out_of_fold=_left_out(able, columns, best, fold))


def _kept(truth: Flags, seed: int) -> tuple[Bins, Floats]:
    """Rows to learn from and what each stands for: all up to 60,000, else as many events as nonevents at most."""
    if len(truth) <= _MOST_ROWS:
        return np.arange(len(truth)), np.ones(len(truth))
    shuffled = np.random.default_rng(seed).permutation(len(truth))
    events, others = shuffled[truth[shuffled]], shuffled[~truth[shuffled]]
    most = _MOST_ROWS // 2
    room = _MOST_ROWS - min(len(others), most), _MOST_ROWS - min(len(events), most)
    parts = [(rows[:size], len(rows)) for rows, size in zip((events, others), room, strict=True)]
    kept = np.concatenate([rows for rows, _ in parts])
    scale = np.concatenate([np.full(len(rows), total / max(len(rows), 1)) for rows, total in parts])
    order = np.argsort(kept)
    return kept[order], scale[order]


@dataclass
class _Run:
    """Boosting on the rows of `learns`; the others only watch."""

    columns: Sequence[Binned]
    truth: Flags
    weight: Floats
    learns: Flags
    signs: Mapping[str, int]

    def __post_init__(self) -> None:
        own = self.weight * self.learns
        self.own = own
        self.base = base_log_odds(self.truth, own)
        self.can_learn = bool(self.truth[self.learns].any() and not self.truth[self.learns].all())
        self.odds = np.full(len(self.truth), self.base)
        self.parts = [_Part(column, self.truth, own, self.signs.get(column.name, 0)) for column in self.columns]
        self.history = [np.zeros(sum(column.size for column in self.columns))]

    def sweep(self) -> float:
        """One step for every feature; the log loss of the rows left out."""
        for position, part in enumerate(self.parts):
            if position % _REFRESH == 0:
                chance = expit(self.odds)
                bend = chance * (1 - chance) * self.own
                slope = (self.truth - chance) * self.own
            self.odds += part.step(slope, bend)
        self.history.append(np.concatenate([part.table for part in self.parts]))
        away = ~self.learns
        sign = np.where(self.truth[away], -1.0, 1.0)
        losses = np.logaddexp(0.0, sign * self.odds[away]) * self.weight[away]
        return float(losses.sum())


class _Part:
    """One feature's table while it is learned."""

    def __init__(self, column: Binned, truth: Flags, own: Floats, sign: int) -> None:
        self.column, self.sign = column, sign if column.ordered else 0
        self.table = np.zeros(column.size)
        self.known = column.size - 1
        self.order = np.arange(self.known) if column.ordered else _by_rate(column, truth, own)

    def step(self, slope: Floats, bend: Floats) -> Floats:
        """Add one shrunken stump; what it adds to each row."""
        codes, size = self.column.codes, self.column.size
        pull = sum_by_bin(codes, slope, size)
        stiff = sum_by_bin(codes, bend, size)
        added = np.zeros(size)
        added[self.known] = pull[self.known] / (stiff[self.known] + _RIDGE)
        added[self.order] = _stump(pull[self.order], stiff[self.order], self.sign)
        added *= _RATE
        self.table = self.table + added
        return added[codes]


def _stump(pull: Floats, stiff: Floats, sign: int) -> Floats:
    """The best split of ordered bins and the Newton step on each side of it."""
    below, below_stiff = np.cumsum(pull), np.cumsum(stiff)
    total, total_stiff = below[-1], below_stiff[-1]
    left = below[:-1] / (below_stiff[:-1] + _RIDGE)
    right = (total - below[:-1]) / (total_stiff - below_stiff[:-1] + _RIDGE)
    gain = below[:-1] * left + (total - below[:-1]) * right
    allowed = np.minimum(below_stiff[:-1], total_stiff - below_stiff[:-1]) >= _LEAST_HESSIAN
    if sign:
        allowed &= (right - left) * sign >= 0
    if not allowed.any():
        return np.full(len(pull), total / (total_stiff + _RIDGE))
    cut = int(np.argmax(np.where(allowed, gain, -np.inf)))
    return np.repeat([left[cut], right[cut]], [cut + 1, len(pull) - cut - 1])


def _by_rate(column: Binned, truth: Flags, own: Floats) -> Bins:
    """Categories by their smoothed rate among the rows that are learned from."""
    happened = sum_by_bin(column.codes, own * truth, column.size)[:-1]
    total = sum_by_bin(column.codes, own, column.size)[:-1]
    overall = float((own * truth).sum() / own.sum())
    rate: Floats = (happened + _SMOOTHING * overall) / (total + _SMOOTHING)
    return np.asarray(np.argsort(rate, kind="stable"), dtype=np.intp)


def _best_sweep(runs: Sequence[_Run]) -> int:
    """How many sweeps tell the rows left out best, 0 where none helps."""
    away = np.concatenate([run.weight[~run.learns] for run in runs])
    best, least = 0, float(sum(_start_loss(run) for run in runs))
    enough = least * 1e-5 if len(away) else 0.0
    for sweep in range(1, _MOST_SWEEPS + 1):
        loss = sum(run.sweep() for run in runs)
        if loss < least - enough:
            best, least = sweep, loss
        if sweep - best >= _PATIENCE:
            break
    return best


def _start_loss(run: _Run) -> float:
    away = ~run.learns
    sign = np.where(run.truth[away], -1.0, 1.0)
    return float((np.logaddexp(0.0, sign * run.base) * run.weight[away]).sum())


def _left_out(runs: Mapping[int, _Run], columns: Sequence[Binned], best: int, fold: Bins) -> Floats:
    """Each row's log-odds by the run that did not learn from it."""
    told = np.full(len(fold), np.nan)
    for k, run in runs.items():
        away = fold == k
        total, start = np.full(int(away.sum()), run.base), 0
        for column in columns:
            total += run.history[best][start + column.codes[away]]
            start += column.size
        told[away] = total
    return told
