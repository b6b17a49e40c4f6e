"""From rates to chances: that a deal of a stage and age is won before the end of a stretch of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from rapport.engine.forecasting.pipeline.book import Floats, instant
from rapport.engine.forecasting.pipeline.exposure import AGE_EDGES, age_class
from rapport.engine.forecasting.pipeline.hazards import Rates

_ONE_BY_ONE = 35.0  # days that are followed day by day; longer stretches in steps of two or more
_MOST_STEPS = 48


@dataclass(frozen=True, kw_only=True)
class Chances:
    """Chances of being won from now to the end of a stretch.

    Attributes:
        won: of open deals [.., state, age in steps]; the last age stands for all older ones.
        of_new: expected number of deals won, of those that begin in each state once a day [.., state].
        step: days of one step of age.
    """

    won: Floats
    of_new: Floats
    step: float

    def place(self, age: Floats) -> np.ndarray:
        """The column of an age in days."""
        last = self.won.shape[-1] - 1
        return np.asarray(np.minimum(np.maximum(age, 0.0) / self.step, last), dtype=np.int64)


def chances(rates: Rates, *, start: float, days: float) -> Chances:
    """Backwards from the end, step by step: what a deal is worth is what may happen in a step and what follows."""
    count = max(1, int(np.ceil(days if days <= _ONE_BY_ONE else min(days / 2, _MOST_STEPS))))
    step = days / count
    ages = age_class(np.asarray((np.arange(int(AGE_EDGES[-1] // step) + 2) + 0.5) * step, dtype=float))
    won, lost, moved = rates.won[..., ages], rates.lost[..., ages], rates.moved[..., ages]
    value = np.zeros(won.shape)
    new = np.zeros(won.shape[:-1])
    older = np.minimum(np.arange(len(ages)) + 1, len(ages) - 1)
    kept: dict[int, tuple[Floats, Floats, Floats]] = {}
    for season in reversed(_seasons(start, step, count)):
        if season not in kept:
            kept[season] = _in_a_step(rates, won, lost, moved, season, step)
        wins, stays, moves = kept[season]
        before, later = value, value[..., older]
        value = wins + stays * later + np.einsum("...ija,...ja->...ia", moves, later)
        new = new + (value[..., 0] + before[..., 0]) / 2 * step
    return Chances(won=value, of_new=new, step=step)


def _in_a_step(
    rates: Rates, won: Floats, lost: Floats, moved: Floats, season: int, step: float
) -> tuple[Floats, Floats, Floats]:
    """P(won), P(nothing happens), P(moved to each) within one step."""
    wins = won * rates.season[..., 0, season, None, None]
    losses = lost * rates.season[..., 1, season, None, None]
    total = np.maximum(wins + losses + moved.sum(-2), 1e-12)
    stays = np.exp(-total * step)
    gone = (1.0 - stays) / total
    return wins * gone, stays, moved * gone[..., :, None, :]


def _seasons(start: float, step: float, count: int) -> Sequence[int]:
    """The month of the quarter, 0 to 2, in which the middle of each step falls."""
    first = instant(start + step / 2)
    return [((first + timedelta(days=step * i)).month - 1) % 3 for i in range(count)]


def season_of(start: float, days: float) -> list[int]:
    """The month of the quarter of each whole day of a stretch (one at least)."""
    return list(_seasons(start, 1.0, max(1, round(days))))
