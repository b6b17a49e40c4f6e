"""Uplift: on whom acting works, and whether that can be told at all.

From a random holdout: two models of the outcome, one of the treated and one of the held out (a T-learner of shrunk
logistic regressions), each told on rows it was not fitted on; their difference ranks subjects by how much acting would
add. Beside it stand the response model (who converts when treated, which is what a score ranks by) and a random order.

Sources: Radcliffe 2007, "Using control groups to target on predicted lift" (Qini); Kuenzel et al. 2019 (T-learner).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from rapport.engine.errors import DataError
from rapport.engine.evaluation.holdout.rates import Estimate
from rapport.engine.statistics.additive.features import Features
from rapport.engine.statistics.additive.linear import fit_linear
from rapport.engine.statistics.auc import Flags, Floats

TARGET, TREAT_ALL, TREAT_NONE, UNDECIDED = "target", "treat_all", "treat_none", "undecided"
_FOLDS = 5
_DRAWS = 400
_FEWEST_EVENTS = 20  # in either arm; with fewer no model is fitted
_TOP = 0.3


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """One way to rank subjects.

    Attributes:
        name: `uplift` (T-learner) or `response`.
        qini: area between its curve of incremental events and that of a random order, per subject (random: 0).
        top: effect among the first 30 %, treated rate less control rate.
        more_than_all: `top` less the effect on everybody.
    """

    name: str
    qini: Estimate
    top: Estimate
    more_than_all: Estimate


@dataclass(frozen=True, kw_only=True)
class Uplift:
    """What can be told of whom acting works on.

    Attributes: effect, on everybody; ranked, the two ways; ahead, Qini of uplift less that of response, paired;
        advice, one of `target`, `treat_all`, `treat_none`, `undecided`; sentence.
    """

    effect: Estimate
    ranked: tuple[Ranked, ...]
    ahead: Estimate
    advice: str
    sentence: str


def uplift(features: Features, treated: Flags, events: Flags, *, seed: int = 0, draws: int = _DRAWS) -> Uplift:
    """Whether ranking by what acting adds is worth it, with 95 % bootstrap intervals of `draws` resamples.

    Rows are split at random: in a randomised test the question is on whom acting works, not what comes later.
    Raises: DataError where either arm has fewer than 20 events or as many without.
    """
    _check(treated, events)
    added, response = _told(features, treated, events, seed=seed)
    weights = np.random.default_rng(seed).poisson(1.0, size=(draws, len(events))).astype(float)
    all_rows = np.ones((1, len(events)))
    found, drawn = [], []
    for name, scores in (("uplift", added), ("response", response)):
        here, resampled = (_measured(scores, treated, events, w) for w in (all_rows, weights))
        drawn.append(resampled)
        whole = here[:, 1] - here[:, 2], resampled[:, 1] - resampled[:, 2]
        found.append(
            Ranked(
                name=name,
                qini=_estimate(here[0, 0], resampled[:, 0]),
                top=_estimate(here[0, 1], resampled[:, 1]),
                more_than_all=_estimate(whole[0][0], whole[1]),
            )
        )
        effect = _estimate(here[0, 2], resampled[:, 2])
    ahead = _estimate(found[0].qini.value - found[1].qini.value, drawn[0][:, 0] - drawn[1][:, 0])
    advice = _advice(effect, found[0])
    return Uplift(
        effect=effect, ranked=tuple(found), ahead=ahead, advice=advice, sentence=_sentence(advice, effect, found)
    )


def _check(treated: Flags, events: Flags) -> None:
    for arm, members in (("treated", events[treated]), ("held out", events[~treated])):
        if min(int(members.sum()), int((~members).sum())) < _FEWEST_EVENTS:
            raise DataError(
                f"Too few of the {arm} had the outcome, or had it not, to tell on whom acting works.",
                received=f"{int(members.sum()):,} of {len(members):,}",
                next_step="Look at the difference of the whole arms instead.",
            )


def _told(features: Features, treated: Flags, events: Flags, *, seed: int) -> tuple[Floats, Floats]:
    """Each row's place (0..1) by what acting adds and by the response when treated, told by models that did not see it.

    Places are taken within the fifth: the level of a fifth's models leans away from its own events, because those are
    missing from them, and would rank whole fifths the wrong way round.
    """
    added, response = np.zeros(len(events)), np.zeros(len(events))
    for number, rows in enumerate(_folds(treated, seed)):
        seen = ~rows
        models = [
            fit_linear(features.take(seen & arm), events[seen & arm], seed=seed + number) for arm in (treated, ~treated)
        ]
        ours, theirs = (model.probabilities(features.take(rows)) for model in models)
        added[rows], response[rows] = (rankdata(told) / len(told) for told in (ours - theirs, ours))
    return added, response


def _folds(treated: Flags, seed: int) -> Sequence[Flags]:
    """Random fifths, each with its share of either arm."""
    random, number = np.random.default_rng(seed), np.zeros(len(treated), dtype=int)
    for arm in (treated, ~treated):
        places = random.permutation(np.flatnonzero(arm))
        number[places] = np.arange(len(places)) % _FOLDS
    return [number == k for k in range(_FOLDS)]


def _measured(scores: Floats, treated: Flags, events: Flags, weights: Floats) -> Floats:
    """Per row of weights: Qini per subject, effect among the first 30 %, effect on all.

    Incremental events among the first k: those of the treated less those of the control, scaled to as many treated.
    """
    order = np.argsort(-scores, kind="stable")
    figures = np.empty((len(weights), 3))
    for place, weight in enumerate(weights):
        w = weight[order]
        figures[place] = _figures(w * treated[order], w * ~treated[order], events[order])
    return figures


def _figures(ours: Floats, theirs: Floats, events: Flags) -> tuple[float, float, float]:
    n_ours, n_theirs = np.cumsum(ours), np.cumsum(theirs)
    e_ours, e_theirs = np.cumsum(ours * events), np.cumsum(theirs * events)
    scale: NDArray[np.float64] = np.divide(n_ours, n_theirs, out=np.zeros_like(n_ours), where=n_theirs > 0)
    gained = (e_ours - e_theirs * scale) / n_ours[-1]
    reached = (n_ours + n_theirs) / (n_ours[-1] + n_theirs[-1])
    first = int(np.searchsorted(reached, _TOP))
    area = float(np.trapezoid(gained, reached)) - float(gained[-1]) / 2
    top = e_ours[first] / max(n_ours[first], 1) - e_theirs[first] / max(n_theirs[first], 1)
    return area, float(top), float(gained[-1])


def _estimate(value: float, drawn: Floats) -> Estimate:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(value=float(value), low=float(low), high=float(high), error=float(drawn.std(ddof=1)))


def _advice(effect: Estimate, by_uplift: Ranked) -> str:
    if by_uplift.qini.low > 0:
        return TARGET
    if effect.low > 0:
        return TREAT_ALL
    return TREAT_NONE if effect.high < 0 else UNDECIDED


def _sentence(advice: str, effect: Estimate, found: Sequence[Ranked]) -> str:
    everybody = f"{100 * effect.value:+.2f} points on everybody ({100 * effect.low:+.2f} to {100 * effect.high:+.2f})"
    top = found[0].top
    best = f"{100 * top.value:+.2f} on the best {_TOP:.0%} ({100 * top.low:+.2f} to {100 * top.high:+.2f})"
    return {
        TARGET: f"Acting works better on some than on others: {best}, {everybody}. Begin with those.",
        TREAT_ALL: f"Acting works, and it cannot be told on whom it works better: treat all. {everybody}.",
        TREAT_NONE: f"Acting does harm, and it cannot be told to whom it does not: {everybody}.",
        UNDECIDED: f"It cannot be told whether acting works, nor on whom: {everybody}.",
    }[advice]
