"""What is learnt from a book: hazards, and how much to trust them beside the run rate, by past forecasts.

The same is done at earlier ends of 30 days, with what was known of closes then: how far off hazards and run rate were
tells how to weigh the two and how wide the bands must be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rapport.engine.forecasting.pipeline.book import Book, Floats
from rapport.engine.forecasting.pipeline.chances import chances, season_of
from rapport.engine.forecasting.pipeline.exposure import exposure
from rapport.engine.forecasting.pipeline.hazards import Hazards, Rates, hazards

RUN_RATE_DAYS = 90.0
TRIED_DAYS = 30.0
_MOST_TRIED = 6
_NEEDS_DAYS = 60.0  # of watched closes before a past forecast can be made
_EVEN, _EVEN_COUNT = 0.5, 4.0  # weight of hazards before anything was tried, as if tried so often
_NOISE_COUNT = 3.0
_LEAST_NOISE = 0.05
_WITHIN = (0.4, 2.5)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A forecast of won deals as it would have been made at `at` (days), and how many were won."""

    at: float
    hazard: float
    run_rate: float
    won: float


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """Attributes:
    arrivals: deals that begin in each state a day, over the last 90 days (or since the first record).
    weight: of hazards; the rest is the run rate's, carried by the month of the quarter. 0..1.
    noise: standard deviation of the logarithm of 30 days' wins around the forecast, chance left out.
    """

    hazards: Hazards
    arrivals: Floats
    weight: float
    noise: float
    tried: tuple[Tried, ...]


def learnt(book: Book) -> Learnt:
    """Hazards at the book's instant, weighed by how they would have done in up to six stretches of 30 days before."""
    found = hazards(exposure(book), book.at)
    tried = tuple(_tried(book, book.at - TRIED_DAYS * (k + 1)) for k in range(_triable(book)))
    weight = _weight(tried)
    return Learnt(
        hazards=found, arrivals=arrivals(book), weight=weight, noise=_noise(tried, weight, found.noise), tried=tried
    )


def _triable(book: Book) -> int:
    return int(np.clip((book.at - book.observed_from - _NEEDS_DAYS) // TRIED_DAYS, 0, _MOST_TRIED))


def _tried(book: Book, at: float) -> Tried:
    then = book.until(at)
    found = hazards(exposure(then), at)
    return Tried(
        at=at,
        hazard=expected_wins(then, found.mean, arrivals(then), days=TRIED_DAYS),
        run_rate=run_rate_wins(then, found.mean, start=at, days=TRIED_DAYS),
        won=float(book.won_between(at, at + TRIED_DAYS).sum()),
    )


def expected_wins(book: Book, rates: Rates, begins: Floats, *, days: float) -> float:
    """Deals won in the next days by hazards alone."""
    found = chances(rates, start=book.at, days=days)
    still = book.is_open
    return float(found.won[book.state[still], found.place(book.at - book.created[still])].sum() + found.of_new @ begins)


def run_rate_days(book: Book) -> float:
    """Days behind the run rate: 90, or as many as were watched."""
    return float(min(RUN_RATE_DAYS, max(book.at - book.observed_from, 1.0)))


def run_rate_wins(book: Book, rates: Rates, *, start: float, days: float) -> float:
    """Deals won in a stretch of days at the pace of the last 90, each day by the month of its quarter."""
    behind = run_rate_days(book)
    won = float(book.won_between(book.at - behind, book.at).sum())
    before = rates.season[0][season_of(book.at - behind, behind)].mean()
    ahead = rates.season[0][season_of(start, days)].mean()
    return won / behind * days * float(ahead / before)


def arrivals(book: Book) -> Floats:
    """Deals that begin in each state a day."""
    behind = run_rate_days(book)
    since = book.created >= book.at - behind
    return np.bincount(book.entry[since], minlength=len(book.states)) / behind


def level(hazard: float, run_rate: float, weight: float) -> float:
    """What chances are multiplied by so that the expected number of wins is the weighed one."""
    if hazard <= 0:
        return 1.0
    return float(np.clip(np.exp((1 - weight) * np.log((run_rate + 0.5) / (hazard + 0.5))), *_WITHIN))


def _weight(tried: Sequence[Tried]) -> float:
    """The weight that would have brought past forecasts nearest, on the logarithm; few are drawn to one half."""
    if not tried:
        return _EVEN
    apart, off = _apart(tried)
    stiff = _EVEN_COUNT * float((apart**2).mean()) + 1e-6
    return float(np.clip((apart @ off + stiff * _EVEN) / (apart @ apart + stiff), 0.0, 1.0))


def _apart(tried: Sequence[Tried]) -> tuple[Floats, Floats]:
    """Logarithms of hazard and of what came, each over the run rate."""
    hazard, run_rate, won = (np.array([getattr(t, n) for t in tried]) + 0.5 for n in ("hazard", "run_rate", "won"))
    return np.log(hazard / run_rate), np.log(won / run_rate)


def _noise(tried: Sequence[Tried], weight: float, usual: float) -> float:
    """From what past forecasts missed beyond chance, drawn to the noise of past months."""
    squares = _NOISE_COUNT * usual**2
    if tried:
        apart, off = _apart(tried)
        chance = np.array([1.0 / (t.won + 1.0) for t in tried])
        squares += float(np.maximum((off - weight * apart) ** 2 - chance, 0.0).sum())
    return float(np.sqrt(max(squares / (_NOISE_COUNT + len(tried)), _LEAST_NOISE**2)))
