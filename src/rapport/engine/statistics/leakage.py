"""Features that know too much: filled in because of the outcome, not before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rapport.engine.statistics.additive.binning import Binned, binned, sum_by_bin
from rapport.engine.statistics.additive.features import Features
from rapport.engine.statistics.additive.stumps import fit_additive
from rapport.engine.statistics.auc import Cases, Flags, Floats, auc
from rapport.engine.statistics.folds import fold_numbers

ALONE = 0.80  # a single feature that ranks this well is suspect
REMOVAL = 0.05  # so is one without which the model loses this much AUC
OVERALL = 0.95  # and a model that ranks this well is not to be used
_FOLDS = 5
_SMOOTHING = 20.0
_TRIED_WITHOUT = 3
_WORTH_REMOVING = 0.60
_MOST_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """One feature.

    Attributes:
        alone: AUC of the feature by itself on rows left out, None where it cannot be told.
        removal: AUC that the model loses without it; None where it was not tried (too weak alone).
    """

    name: str
    alone: float | None
    removal: float | None

    @property
    def flagged(self) -> bool:
        return (self.alone or 0.0) > ALONE or (self.removal or 0.0) > REMOVAL

    @property
    def sentence(self) -> str:
        """Why it is flagged, for people; empty where it is not."""
        reasons = []
        if (self.alone or 0.0) > ALONE:
            reasons.append(f"by itself it ranks with AUC {self.alone:.2f} (above {ALONE:.2f})")
        if (self.removal or 0.0) > REMOVAL:
            reasons.append(f"without it the model loses {self.removal:.2f} of AUC (more than {REMOVAL:.2f})")
        if not reasons:
            return ""
        return f"{self.name}: {' and '.join(reasons)}. Was it known before the outcome, or filled in because of it?"


@dataclass(frozen=True, kw_only=True)
class LeakScan:
    """What a scan found.

    Attributes: suspects, every feature, highest AUC alone first; overall, AUC of all together on rows left
        out, None where it cannot be told.
    """

    suspects: tuple[Suspect, ...]
    overall: float | None

    @property
    def flagged(self) -> tuple[Suspect, ...]:
        return tuple(one for one in self.suspects if one.flagged)

    @property
    def blocks(self) -> bool:
        """Whether the model is too good to be used before somebody has looked."""
        return (self.overall or 0.0) > OVERALL


def scan_for_leaks(features: Features, events: Flags, *, groups: Any = None, seed: int = 0) -> LeakScan:
    """Each feature's AUC alone, what the strongest three are worth to the model, and the model's AUC.

    Above .80 alone, or .05 lost by removal, a feature is flagged; above .95 overall the model is blocked.
    All on rows left out. More than 20,000 rows are sampled, by subject where `groups` says whose they are.
    The rule was set on lead and churn data whose leaks are known; it asks a question, it proves nothing.
    """
    truth = np.asarray(events, dtype=bool)
    whose = np.arange(len(truth)) if groups is None else np.asarray(groups)
    rows = _sample(truth, whose, seed)
    features, truth, whose = features.take(rows), truth[rows], whose[rows]
    fold = fold_numbers(truth, count=_FOLDS, groups=whose, seed=seed)
    alone = {one.name: _alone(one, truth, fold) for one in binned(features)}
    overall = _together(features, truth, whose, seed)
    strongest = sorted((n for n, a in alone.items() if (a or 0.0) >= _WORTH_REMOVING), key=lambda n: -(alone[n] or 0.0))
    lost = dict(_removals(features, truth, whose, seed, strongest[:_TRIED_WITHOUT], overall))
    suspects = [Suspect(name=n, alone=alone.get(n), removal=lost.get(n)) for n in features.names]
    suspects.sort(key=lambda one: (-(one.alone or 0.0), one.name))
    return LeakScan(suspects=tuple(suspects), overall=overall)


def _sample(truth: Flags, whose: Any, seed: int) -> Any:
    if len(truth) <= _MOST_ROWS:
        return np.arange(len(truth))
    parts = -(-len(truth) // _MOST_ROWS)
    return np.flatnonzero(fold_numbers(truth, count=parts, groups=whose, seed=seed) == 0)


def _alone(one: Binned, truth: Flags, fold: Any) -> float | None:
    """AUC of the smoothed rate of a row's bin among the other folds' rows."""
    told = np.zeros(len(truth))
    for k in range(_FOLDS):
        learns = fold != k
        rate = float(truth[learns].mean()) if learns.any() else 0.0
        counts = sum_by_bin(one.codes[learns], np.ones(int(learns.sum())), one.size)
        happened = sum_by_bin(one.codes[learns], truth[learns].astype(np.float64), one.size)
        told[~learns] = ((happened + _SMOOTHING * rate) / (counts + _SMOOTHING))[one.codes[~learns]]
    return _auc(told, truth, fold)


def _together(features: Features, truth: Flags, whose: Any, seed: int) -> float | None:
    told = fit_additive(features, truth, groups=whose, seed=seed).out_of_fold
    if told is None:
        return None
    return _auc(told, truth, fold_numbers(truth, count=_FOLDS, groups=whose, seed=seed))


def _removals(
    features: Features, truth: Flags, whose: Any, seed: int, names: list[str], overall: float | None
) -> Iterator[tuple[str, float]]:
    for name in names:
        left = _together(features.without(name), truth, whose, seed)
        if overall is not None and left is not None:
            yield name, overall - left


def _auc(told: Floats, truth: Flags, fold: Any) -> float | None:
    """Within folds, since rates of different folds are not to be compared."""
    known = ~np.isnan(told)
    parts = [known & (fold == k) for k in range(_FOLDS)]
    return auc([Cases(scores=told[p], events=truth[p], clusters=np.flatnonzero(p)) for p in parts]).value
