"""Deals that go through three stages at known rates: what forecasts are judged on."""

from __future__ import annotations

import numpy as np

from rapport.engine.forecasting.pipeline.book import Book, Visits

STAGES = ("Discovery", "Proposal", "Negotiation")
START = 17_000.0  # days since 1970: 18 July 2016
_MOVES, _LOSES, _WINS = (1 / 20, 1 / 25, 0.0), (1 / 60, 1 / 80, 1 / 60), (1 / 400, 1 / 150, 1 / 25)


def simulated_deals(seed: int, *, a_day: float, days: float, owners: int = 5, growing: bool = False) -> Book:
    """Everything that will happen to deals begun over some days, stages and closes of the far future too.

    Parameters: growing, from no deal a day at first to twice `a_day`.
    """
    random = np.random.default_rng(seed)
    count = int(random.poisson(a_day * days))
    created = np.sort(START + random.random(count) ** (0.5 if growing else 1.0) * days)
    closed, won = np.full(count, np.nan), np.zeros(count, bool)
    stage, at = np.zeros(count, np.int64), created.copy()
    stays = []
    here = np.arange(count)
    while len(here):
        s = stage[here]
        rates = np.array([_MOVES, _LOSES, _WINS])[:, s]
        left = at[here] + random.exponential(1 / rates.sum(0))
        which = (random.random(len(here)) * rates.sum(0) > rates.cumsum(0)[:2]).sum(0)
        stays.append((here, s, at[here], left))
        at[here] = left
        closed[here[which > 0]] = left[which > 0]
        won[here[which == 2]] = True
        here = here[which == 0]
        stage[here] += 1
    deal, state, entered, ended = (np.concatenate(part) for part in zip(*stays, strict=True))
    order = np.lexsort((entered, deal))
    nothing = np.full(count, None, object)
    return Book(
        at=START + 10 * days,
        ids=np.array([f"d{i}" for i in range(count)], object),
        created=created,
        closed=closed,
        won=won,
        amount=random.lognormal(8.0, 1.0, count),
        state=stage,
        entry=np.zeros(count, np.int64),
        owner=np.array([f"u{i}" for i in random.integers(owners, size=count)], object),
        pipeline=nothing,
        stage=np.array(STAGES, object)[stage],
        category=nothing,
        due=np.full(count, np.nan),
        states=STAGES,
        visits=Visits(deal=deal[order], state=state[order], entered=entered[order], left=ended[order]),
        observed_from=START,
        has_stages=True,
    )


def won_amount(book: Book, start: float, end: float) -> float:
    return float(book.amount[book.won_between(start, end)].sum())
