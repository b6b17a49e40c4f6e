"""Futures drawn: what is won in a stretch as it may turn out, by group; deals of one cell share their chances.

Three layers: rates as they may be (one set per hundredth of the futures), a noise common to all deals, and chance.
The deals that matter most are drawn one by one; of the many small ones only the sum is, by its mean and variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapport.engine.forecasting.pipeline.book import Book, Floats
from rapport.engine.forecasting.pipeline.learning import TRIED_DAYS, Learnt
from rapport.engine.forecasting.pipeline.outlook import MOST_LIKELY, Outlook, won_within

SEED = 20_261_101
FUTURES = 20_000
_RATES = 50  # sets of rates
_ONE_BY_ONE = 300  # deals drawn singly
_SHORTEST_DAYS = 7.0
_MOST_NOISE = 0.8
_MOST_DRAWN = 8_000_000  # futures x groups: with very many owners there are fewer futures


@dataclass(frozen=True, kw_only=True)
class _Small:
    """The sums over small deals by group and set of rates: mean and variance of what they bring."""

    mean: Floats
    variance: Floats


def drawn(book: Book, known: Learnt, found: Outlook, *, futures: int = FUTURES, seed: int = SEED) -> Floats:
    """What is yet to be won in the stretch, [future, group], in the base currency; the same for the same seed.

    Its mean over futures is the outlook's expectation, up to chance.
    """
    random = np.random.default_rng(seed)
    futures = min(futures, max(_MOST_DRAWN // len(found.groups), 1_000))
    sets = min(_RATES, futures)
    each = futures // sets
    rates = known.hazards.drawn(sets, random)
    ways = won_within(rates, book.at, found.stretch, found.cell_state, found.cell_age)
    mean = won_within(known.hazards.mean, book.at, found.stretch, found.cell_state, found.cell_age)
    ratio = ways.cells / np.maximum(mean.cells, 1e-12)
    new = ways.new @ known.arrivals / max(float(mean.new @ known.arrivals), 1e-12)
    begun = max(float((book.created >= book.at - 90.0).sum()), 1.0)
    noise = _noise(known, found, book.at)
    one_by_one = _largest(found)
    small = _small(found, ratio, one_by_one)
    total = np.empty((sets * each, len(found.groups)))
    for k in range(sets):
        shock = np.exp(noise * random.normal(size=each) - noise**2 / 2)
        part = _sums(small.mean[k], small.variance[k], shock, random)
        part += _singly(found, one_by_one, ratio[k], shock, random)
        pace = shock * new[k] * random.gamma(begun, size=each) / begun
        part += _beginners(found, pace, random)
        total[k * each : (k + 1) * each] = part
    return total


def _noise(known: Learnt, found: Outlook, now: float) -> float:
    """Of the whole stretch: longer ones even out somewhat, shorter ones less so."""
    start, end = found.stretch.ahead(now)
    days = max(end - start, _SHORTEST_DAYS)
    return float(min(known.noise * (TRIED_DAYS / days) ** 0.25, _MOST_NOISE))


def _spread(found: Outlook) -> Floats:
    """Variance of what each open deal brings, by chance."""
    p, a = found.chance, found.amount
    return p * (1 - p) * a**2 + np.where(found.assumed, p * found.amounts.variance, 0.0)


def _largest(found: Outlook) -> np.ndarray:
    spread = _spread(found)
    if len(spread) <= _ONE_BY_ONE:
        return np.arange(len(spread))
    return np.sort(np.argpartition(spread, -_ONE_BY_ONE)[-_ONE_BY_ONE:])


def _small(found: Outlook, ratio: Floats, singly: np.ndarray) -> _Small:
    """The mean moves with the rates; the variance keeps its share of the mean."""
    rest = np.ones(len(found.open), bool)
    rest[singly] = False
    groups, cells = len(found.groups), len(found.cell_state)
    place = found.groups.of_deal[found.open][rest] * cells + found.cell[rest]
    expected = np.bincount(place, found.expected[rest], minlength=groups * cells).reshape(groups, cells)
    variance = np.bincount(place, _spread(found)[rest], minlength=groups * cells).reshape(groups, cells)
    return _Small(mean=ratio @ expected.T, variance=ratio @ variance.T)


def _sums(mean: Floats, variance: Floats, shock: Floats, random: np.random.Generator) -> Floats:
    """Sums of many: gamma, so never below 0."""
    some = mean > 0
    total = np.zeros((len(shock), len(mean)))
    if not some.any():
        return total
    at = mean[some] * shock[:, None]
    scale = np.maximum(variance[some] / mean[some], 1e-9)
    total[:, some] = random.gamma(at / scale) * scale
    return total


def _singly(found: Outlook, singly: np.ndarray, ratio: Floats, shock: Floats, random: np.random.Generator) -> Floats:
    total = np.zeros((len(shock), len(found.groups)))
    if not len(singly):
        return total
    group = found.groups.of_deal[found.open[singly]]
    by_group = np.argsort(group, kind="stable")
    singly, group = singly[by_group], group[by_group]
    chance = np.minimum(found.chance[singly] * ratio[found.cell[singly]] * shock[:, None], MOST_LIKELY)
    worth = np.where(random.random(chance.shape) < chance, found.amount[singly], 0.0)
    unknown = found.assumed[singly]
    if unknown.any():
        worth[:, unknown] *= _amount_factors(found, worth[:, unknown].shape, random)
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    total[:, group[starts]] = np.add.reduceat(worth, starts, axis=1)
    return total


def _amount_factors(found: Outlook, shape: tuple[int, ...], random: np.random.Generator) -> Floats:
    even = found.amounts.mean**2 / max(found.amounts.variance, 1e-9)
    return random.gamma(even, size=shape) / even


def _beginners(found: Outlook, pace: Floats, random: np.random.Generator) -> Floats:
    wins = random.poisson(found.new_wins * pace[:, None]).astype(float)
    even = found.amounts.mean**2 / max(found.amounts.variance, 1e-9)
    drawn_amounts = random.gamma(np.maximum(wins * even, 1e-12)) / even * found.amounts.of_group
    return np.where(wins > 0, drawn_amounts, 0.0)
