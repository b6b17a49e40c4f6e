"""What every forecast is shown beside: the run rate first of all; stage weights, and the period before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapport.engine.forecasting.pipeline.book import Book, Flags, Floats
from rapport.engine.forecasting.pipeline.learning import run_rate_days
from rapport.engine.forecasting.pipeline.outlook import Outlook, Stretch

_RECENT_DAYS = 365.0
_PRIOR_CLOSES = 4.0
_LOOKS, _APART_DAYS = 6, 30.0
COMMIT, BEST_CASE = "commit", "best_case"


@dataclass(frozen=True, kw_only=True)
class Benchmarks:
    """By group, in the base currency, what was won already included.

    Attributes:
        run_rate: won already, and the daily sum of the last 90 days for each day that is left.
        stage_weighted: each open deal's amount by its stage's share of closes that were won, whenever that may be.
        closing: the same by the share of open deals that closed within as many days, in the past.
        naive: what was won in as many days before.
        commit, best_case: with open deals of those categories due by the end; nan where no deal carries a category.
    """

    run_rate: Floats
    stage_weighted: Floats
    closing: Floats
    naive: Floats
    commit: Floats
    best_case: Floats


def benchmarks(book: Book, found: Outlook) -> Benchmarks:
    stretch = found.stretch
    won = won_so_far(book, found, stretch)
    start, end = stretch.ahead(book.at)
    behind = run_rate_days(book)
    pace = _won_sum(book, found, book.at - behind, book.at) / behind
    weighted = _of_open(book, found, win_rates(book)[book.state[found.open]] * found.amount)
    return Benchmarks(
        run_rate=won + pace * (end - start),
        stage_weighted=won + weighted,
        closing=won + weighted * closing_share(book, end - book.at),
        naive=_won_sum(book, found, stretch.start - (stretch.end - stretch.start), min(stretch.start, book.at)),
        commit=won + _of_category(book, found, (COMMIT,)),
        best_case=won + _of_category(book, found, (COMMIT, BEST_CASE)),
    )


def won_so_far(book: Book, found: Outlook, stretch: Stretch) -> Floats:
    return _won_sum(book, found, stretch.start, min(stretch.end, book.at + 1e-9))


def win_rates(book: Book) -> Floats:
    """Of each state: the share of deals closed in the last year, among those that were ever in it, that were won."""
    closed = ~book.is_open & (book.closed >= book.at - _RECENT_DAYS)
    whole = (float((closed & book.won).sum()) + 0.5) / (float(closed.sum()) + 1.0)
    met = np.unique(np.stack([book.visits.deal, book.visits.state]), axis=1)
    met = met[:, closed[met[0]]]
    states = len(book.states)
    count = np.bincount(met[1], minlength=states)
    won = np.bincount(met[1], book.won[met[0]], minlength=states)
    return np.asarray((won + _PRIOR_CLOSES * whole) / (count + _PRIOR_CLOSES))


def closing_share(book: Book, days: float) -> float:
    """The share of open deals that closed within so many days, looked at up to six times in the past."""
    stood = ended = 0
    for k in range(_LOOKS):
        then = book.at - days - _APART_DAYS * k
        if then < book.observed_from:
            break
        was_open = (book.created <= then) & ~(book.closed <= then)
        stood += int(was_open.sum())
        ended += int((was_open & (book.closed <= then + days)).sum())
    return (ended + 0.5) / (stood + 1.0)


def _won_sum(book: Book, found: Outlook, start: float, end: float) -> Floats:
    """Won deals' amounts by group; a deal whose amount is not known counts as usual for its group."""
    which = book.won_between(start, end)
    group = found.groups.of_deal[which]
    own = book.amount[which]
    amount = np.where(np.isnan(own), found.amounts.of_group[group], own)
    return np.asarray(np.bincount(group, amount, minlength=len(found.groups)), dtype=float)


def _of_open(book: Book, found: Outlook, worth: Floats) -> Floats:
    return np.asarray(np.bincount(found.groups.of_deal[found.open], worth, minlength=len(found.groups)), dtype=float)


def _of_category(book: Book, found: Outlook, names: tuple[str, ...]) -> Floats:
    """Amounts of open deals of the categories that are due in the stretch, or whose due day is not told."""
    category = book.category[found.open]
    if not any(category):
        return np.full(len(found.groups), np.nan)
    due: Flags = ~(book.due[found.open] >= found.stretch.end)
    counts = np.isin(category.astype(str), names) & due
    return _of_open(book, found, np.where(counts, found.amount, 0.0))
