"""Models side by side on the same cases, none of which they learned from; and the simplest that will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import expit

from rapport.engine.errors import EngineCannot
from rapport.engine.statistics.additive.features import Features
from rapport.engine.statistics.auc import Auc, AucDifference, Cases, Flags, Floats, auc, auc_difference
from rapport.engine.statistics.calibration import Calibration, calibration
from rapport.engine.statistics.folds import Fold

SIMPLEST_FIRST = ("card", "linear", "stumps", "boosted")
MARGIN = 0.01  # a difference in AUC this small does not decide who is called

_TITLES = {
    "card": "the points card",
    "linear": "the linear model",
    "stumps": "the additive model",
    "boosted": "the boosted model",
}


class Model(Protocol):
    """Tells log-odds."""

    def log_odds(self, features: Features) -> Floats:
        """One per row."""
        ...


Fit = Callable[[Features, Flags, Any], Model]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How one model told cases it had not learned from.

    Attributes:
        cases: scores (log-odds), events and clusters, one entry per fold.
        log_loss: mean, natural logarithm. calibration: Brier, skill, slope, intercept, bins.
    """

    name: str
    cases: tuple[Cases, ...]
    auc: Auc
    log_loss: float
    calibration: Calibration | None

    @property
    def log_odds(self) -> Floats:
        """All folds, one after the other."""
        return np.concatenate([c.scores for c in self.cases]) if self.cases else np.zeros(0)

    @property
    def events(self) -> Flags:
        return np.concatenate([c.events for c in self.cases]) if self.cases else np.zeros(0, dtype=bool)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The model to use. gap: how much better the best one ranks. sentence: why, for people."""

    name: str
    best: str
    gap: AucDifference
    sentence: str


def compare(
    fits: Mapping[str, Fit],
    features: Features,
    events: Flags,
    *,
    folds: Sequence[Fold],
    groups: Any = None,
) -> tuple[Measured, ...]:
    """Every model fitted on each fold's rows to learn from and measured on its rows to try, in the order given.

    Parameters: fits, by name: (features, events, groups of the rows learned from) -> model. folds, see
        `statistics.folds`; forward in time where rows have a time. groups, whose each row is: intervals
        count rows of one subject as one.
    A model that this machine cannot fit is left out.
    """
    truth = np.asarray(events, dtype=bool)
    whose = np.arange(len(truth)) if groups is None else np.asarray(groups)
    usable = [fold for fold in folds if len(fold[0]) and len(fold[1])]
    found = []
    for name, fit in fits.items():
        with suppress(EngineCannot):  # LightGBM does not load everywhere; the others do
            found.append(_measured(name, fit, features, truth, whose, usable))
    return tuple(found)


def choose(measured: Sequence[Measured], *, simplest_first: Sequence[str] = SIMPLEST_FIRST) -> Choice:
    """The simplest model that is no worse than the best: within .01 of its AUC, or not surely behind it."""
    order = sorted(measured, key=lambda m: simplest_first.index(m.name) if m.name in simplest_first else 99)
    best = max(order, key=lambda m: -1.0 if m.auc.value is None else m.auc.value)
    for one in order:
        gap = auc_difference(best.cases, one.cases)
        if one is best or not _surely_behind(gap):
            break
    return Choice(name=one.name, best=best.name, gap=gap, sentence=_sentence(one, best, order))


def _measured(name: str, fit: Fit, features: Features, truth: Flags, whose: Any, folds: Sequence[Fold]) -> Measured:
    cases = []
    for learn, tried in folds:
        model = fit(features.take(learn), truth[learn], whose[learn])
        cases.append(Cases(scores=model.log_odds(features.take(tried)), events=truth[tried], clusters=whose[tried]))
    odds = np.concatenate([c.scores for c in cases]) if cases else np.zeros(0)
    happened = np.concatenate([c.events for c in cases]) if cases else np.zeros(0, dtype=bool)
    loss = float(np.logaddexp(0.0, np.where(happened, -odds, odds)).mean()) if len(odds) else float("nan")
    told = calibration(np.asarray(expit(odds), dtype=np.float64), happened)
    return Measured(name=name, cases=tuple(cases), auc=auc(cases), log_loss=loss, calibration=told)


def _surely_behind(gap: AucDifference) -> bool:
    return gap.value is not None and gap.value > MARGIN and gap.low is not None and gap.low > 0


def _sentence(one: Measured, best: Measured, order: Sequence[Measured]) -> str:
    title = _TITLES.get(one.name, one.name)
    if one.auc.value is None:
        return f"{_started(title)} is used: there are not enough cases to tell models apart."
    told = f"AUC {_shown(one.auc)}"
    others = [m for m in order if m is not one and m.auc.value is not None]
    boosted = next((m for m in others if m.name == "boosted"), None)
    if boosted is not None and one.name != "boosted":
        better = (boosted.auc.value or 0) - one.auc.value
        verdict = (
            "ranks no better" if better <= 0 else f"ranks {better:.3f} better, too little to matter or to be sure of"
        )
        return f"{_started(title)} is used ({told}): the boosted model ({_shown(boosted.auc)}) {verdict}."
    if one is best and others:
        simpler = ", ".join(f"{_TITLES.get(m.name, m.name)} {_shown(m.auc)}" for m in others)
        return f"{_started(title)} is used ({told}): it ranks surely better than {simpler}."
    return f"{_started(title)} is used ({told})."


def _started(text: str) -> str:
    return text[0].upper() + text[1:]


def _shown(figure: Auc) -> str:
    return f"{figure.value:.3f}, {figure.low:.3f} to {figure.high:.3f}"
