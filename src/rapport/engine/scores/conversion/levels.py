"""Models of groups: of their own where that tells more, else everybody's, moved to the group's level."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from rapport.engine.scores.conversion.learning import Learner, Pool, losses
from rapport.engine.scores.conversion.model import LearntGroup
from rapport.engine.scores.conversion.predictor import Predictor
from rapport.engine.statistics.additive import MICRO
from rapport.engine.statistics.auc import Flags, Floats

ENOUGH_EVENTS = 100  # for a model of its own, and as many without the event
LEVEL_PRIOR = 0.5  # standard deviation of groups' levels in logits, before any case is seen
_STEPS = 30


def learnt_groups(pool: Pool, everybody: Predictor, learner: Learner) -> dict[str, LearntGroup]:
    """A model for each group that has cases, by its name."""
    names = sorted({str(name) for name in pool.group_names if name is not None})
    return {name: _group(name, pool, everybody, learner) for name in names}


def level_shift(log_odds: Floats, events: Flags) -> float:
    """How far a group's log-odds lie from what everybody's model says, shrunk toward 0 by a normal prior.

    The mode of sum(log likelihood) - shift^2 / (2 x .5^2), by Newton's method.
    """
    shift, precision = 0.0, LEVEL_PRIOR**-2
    for _ in range(_STEPS):
        chance = expit(log_odds + shift)
        slope = float((events - chance).sum()) - precision * shift
        step = slope / (float((chance * (1 - chance)).sum()) + precision)
        shift += max(-1.0, min(1.0, step))
        if abs(step) < 1e-9:
            break
    return shift


def _group(name: str, pool: Pool, everybody: Predictor, learner: Learner) -> LearntGroup:
    mine = pool.take(np.flatnonzero(pool.group_names == name))
    moved = _moved(mine, everybody)
    figures = {"n": len(mine.events), "event_count": mine.event_count}
    if min(mine.event_count, len(mine.events) - mine.event_count) < ENOUGH_EVENTS:
        told = f"{mine.event_count} of {len(mine.events):,} had the outcome: too few for a model of its own"
        return LearntGroup(predictor=moved, sentence=_sentence(told, moved), **figures)
    newest = mine.period == mine.period.max()
    if newest.all():
        return LearntGroup(predictor=moved, sentence=_sentence("one period only", moved), **figures)
    gain = _gain(mine, newest, everybody, learner)
    if gain <= 0:
        told = f"a model of its own told the newest period no better ({gain:+.4f} in log loss)"
        return LearntGroup(predictor=moved, sentence=_sentence(told, moved), **figures)
    own = learner(mine.features, mine.events, mine.subject_ids)
    sentence = f"A model of its own: it told the newest period better by {gain:.4f} in log loss."
    return LearntGroup(predictor=own, sentence=sentence, **figures)


def _moved(mine: Pool, everybody: Predictor) -> Predictor:
    shift = level_shift(everybody.log_odds(mine.features), mine.events)
    return Predictor(tables=everybody.tables, trees=everybody.trees, shift=round(shift * MICRO))


def _gain(mine: Pool, newest: Flags, everybody: Predictor, learner: Learner) -> float:
    """How much less a model of the group's own loses on its newest period. Everybody's had seen it: it is favoured."""
    before, after = mine.take(np.flatnonzero(~newest)), mine.take(np.flatnonzero(newest))
    own = learner(before.features, before.events, before.subject_ids)
    moved = _moved(before, everybody)
    told = losses(own.log_odds(after.features), after.events)
    return float((losses(moved.log_odds(after.features), after.events) - told).mean())


def _sentence(why: str, moved: Predictor) -> str:
    return f"Everybody's model moved by {moved.shift / MICRO:+.2f} log-odds to its level: {why}."
