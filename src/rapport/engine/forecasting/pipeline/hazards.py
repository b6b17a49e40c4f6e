"""Competing hazards: how fast deals of a stage and age are won, lost or move on; with what is not known of them.

Rates per deal day. Each cell (stage, age class) is drawn to its stage's level times the age's profile, the more the
less was seen of it (gamma prior, Poisson counts). The month of the quarter multiplies winning and losing, as far as
past quarters agree about it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapport.engine.forecasting.pipeline.book import Floats, Whole
from rapport.engine.forecasting.pipeline.exposure import Exposure

HALF_LIFE_DAYS = 90.0  # what is a quarter old counts half
_CELL, _STAGE = 4.0, 6.0  # closes that the prior of a cell, of a stage, is worth
_TYPICAL_NOISE, _TYPICAL_COUNT = 0.15, 2.0  # of a month's rate around the usual: as if seen in two months more
_LEAST_NOISE = 0.05
_ROUNDS = 3


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Rates per deal day: won, lost [.., state, age]; moved [.., from, to, age]; leading axes are draws.

    season: factors of won and of lost by the month of the quarter [.., 2, 3].
    """

    won: Floats
    lost: Floats
    moved: Floats
    season: Floats


@dataclass(frozen=True, kw_only=True)
class Hazards:
    """What was learnt.

    Attributes:
        mean: the expected rates.
        seen: closes and moves, and the days under watch, each with its prior: gamma posteriors.
        noise: standard deviation of the logarithm of a month's wins around what the rates say, chance left out.
        season_error: standard error of the logarithm of each season factor.
        won_count, lost_count: closes that were learnt from.
    """

    mean: Rates
    won_seen: Floats
    lost_seen: Floats
    moved_seen: Floats
    days: Floats
    days_of_cell: tuple[Floats, Floats]
    noise: float
    season_error: Floats
    won_count: int
    lost_count: int

    def drawn(self, draws: int, random: np.random.Generator) -> Rates:
        """Rates as they may be, given what was seen: one set per draw."""
        won = random.gamma(self.won_seen, size=(draws, *self.won_seen.shape)) / self.days_of_cell[0]
        lost = random.gamma(self.lost_seen, size=(draws, *self.lost_seen.shape)) / self.days_of_cell[1]
        shape = np.where(self.moved_seen > 0, self.moved_seen, 1.0)
        moved = random.gamma(shape, size=(draws, *shape.shape)) / self.days[:, None, :]
        error = random.normal(size=(draws, 2, 3)) * self.season_error
        season = self.mean.season * np.exp(error - self.season_error**2 / 2)
        return Rates(won=won, lost=lost, moved=np.where(self.moved_seen > 0, moved, 0.0), season=season)


def hazards(seen: Exposure, at: float) -> Hazards:
    """The posterior of every rate, from what was seen up to `at`."""
    weight = 0.5 ** (np.maximum(at - seen.months - 15.0, 0.0) / HALF_LIFE_DAYS)
    season, noise, error = np.ones((2, 3)), _TYPICAL_NOISE, np.zeros((2, 3))
    won, lost = seen.won @ weight, seen.lost @ weight
    for _ in range(_ROUNDS):
        won_days = seen.days @ (weight * season[0][seen.season])
        lost_days = seen.days @ (weight * season[1][seen.season])
        of_won, of_lost = _cells(won, won_days), _cells(lost, lost_days)
        for k, (closes, cell) in enumerate(((seen.won, of_won), (seen.lost, of_lost))):
            expected = np.einsum("sam,sa->m", seen.days, cell[0] / cell[1])
            season[k], error[k], found = _season(closes.sum((0, 1)), expected, seen.season)
            noise = found if k == 0 else noise
    moved, days = _moved(seen.moved, seen.days.sum(2))
    return Hazards(
        mean=Rates(
            won=of_won[0] / of_won[1], lost=of_lost[0] / of_lost[1], moved=moved / days[:, None, :], season=season
        ),
        won_seen=of_won[0],
        lost_seen=of_lost[0],
        moved_seen=moved,
        days=days,
        days_of_cell=(of_won[1], of_lost[1]),
        noise=noise,
        season_error=error,
        won_count=int(seen.won.sum()),
        lost_count=int(seen.lost.sum()),
    )


def _cells(count: Floats, days: Floats) -> tuple[Floats, Floats]:
    """Counts and days with the prior added: [state, age] each, the rate being their quotient."""
    of_age = (count.sum(0) + 0.5 * _overall(count, days) * 30.0) / (days.sum(0) + 15.0)
    expected = days @ of_age
    level = (count.sum(1) + _STAGE) / (expected + _STAGE)
    prior = np.maximum(level[:, None] * of_age, 1e-9)
    return count + _CELL, days + _CELL / prior


def _overall(count: Floats, days: Floats) -> float:
    return float((count.sum() + 0.5) / (days.sum() + 30.0))


def _moved(moved: Floats, days: Floats) -> tuple[Floats, Floats]:
    """Moves between stages that were seen at least once, each age drawn to the pair's own rate."""
    pair = moved.sum(2) / np.maximum(days.sum(1), 1.0)[:, None]
    stiff = _CELL / np.maximum(pair.sum(1), 1e-6)  # days of prior: worth so many moves out of the stage
    return moved + pair[:, :, None] * stiff[:, None, None], days + stiff[:, None]


def _season(closes: Floats, expected: Floats, season: Whole) -> tuple[Floats, Floats, float]:
    """Factors of the months of a quarter, the errors of their logarithms, and the noise of a month.

    Analysis of variance of log(seen / expected) by the month of the quarter, drawn to 1 by as much as the months of
    one kind differ among themselves; with a single quarter seen, by what is typical.
    """
    enough = expected > 2.0
    if enough.sum() < 2:
        return np.ones(3), np.full(3, _TYPICAL_NOISE / 3), _TYPICAL_NOISE
    ratio = np.log((closes[enough] + 0.5) / (expected[enough] + 0.5))
    kind, chance = season[enough], 1.0 / (expected[enough] + 0.5)
    times = np.bincount(kind, minlength=3)
    mean = np.bincount(kind, ratio, minlength=3) / np.maximum(times, 1)
    free = int(np.maximum(times - 1, 0).sum())
    within = float(((ratio - mean[kind]) ** 2).sum())
    spread = (within + _TYPICAL_COUNT * (_TYPICAL_NOISE**2 + chance.mean())) / (free + _TYPICAL_COUNT)
    noise = float(np.sqrt(max(spread - chance.mean(), _LEAST_NOISE**2)))
    met = times > 0
    if met.sum() < 3:
        return np.ones(3), np.full(3, _TYPICAL_NOISE / 3), max(noise, _TYPICAL_NOISE)
    between = max(float(mean.var(ddof=1)) - float((spread / times).mean()), 0.0)
    drawn = between / (between + spread / times)
    factor = np.exp(drawn * (mean - mean.mean()))
    return factor / np.average(factor), np.sqrt(drawn * spread / times), noise
