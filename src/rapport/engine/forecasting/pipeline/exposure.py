"""How long deals of each stage and age were under watch, and what became of them: the counts behind hazards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from rapport.engine.forecasting.pipeline.book import Book, Floats, Whole, in_days, instant

AGE_EDGES = (0.0, 1.0, 7.0, 14.0, 30.0, 60.0, 90.0, 120.0, 180.0, 365.0)  # days from creation; the last is open
LOOKBACK_DAYS = 730.0


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """Counts by state, age class and calendar month (oldest first).

    Attributes:
        months: the first day of each month, in days; season: 0, 1, 2, which month of its quarter it is.
        days: deal days under watch [state, age, month]; won, lost: closes.
        moved: moves [from, to, age].
        covered: share of each month under watch.
    """

    months: Floats
    season: Whole
    covered: Floats
    days: Floats
    won: Floats
    lost: Floats
    moved: Floats


def exposure(book: Book, *, lookback: float = LOOKBACK_DAYS) -> Exposure:
    """What the time from the first recorded close (at most `lookback` days ago) up to the book's instant teaches."""
    start = max(book.observed_from, book.at - lookback)
    months, season = _months(start, book.at)
    states, ages = len(book.states), len(AGE_EDGES)
    visits = book.visits
    born = book.created[visits.deal]
    days = np.zeros((states, ages, len(months)))
    ends = np.append(months[1:], book.at)
    for m, (first, end) in enumerate(zip(np.maximum(months, start), ends, strict=True)):
        met = (visits.left > first) & (visits.entered < end)
        since, until = np.maximum(visits.entered[met], first), np.minimum(visits.left[met], end)
        for a, (low, high) in enumerate(zip(AGE_EDGES, (*AGE_EDGES[1:], np.inf), strict=True)):
            stay = np.minimum(until, born[met] + high) - np.maximum(since, born[met] + low)
            days[:, a, m] = np.bincount(visits.state[met], np.maximum(stay, 0.0), minlength=states)
    closed = ~book.is_open & (book.closed >= start)
    return Exposure(
        months=months,
        season=season,
        covered=(ends - np.maximum(months, start)) / np.maximum(ends - months, 1e-9),
        days=days,
        won=_closes(book, closed & book.won, months),
        lost=_closes(book, closed & ~book.won, months),
        moved=_moves(book, start),
    )


def _months(start: float, end: float) -> tuple[Floats, Whole]:
    day = instant(start).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found: list[float] = []
    season: list[int] = []
    while not found or in_days(day) < end:
        found.append(in_days(day))
        season.append((day.month - 1) % 3)
        day = (day + timedelta(days=32)).replace(day=1)
    return np.array(found), np.array(season)


def age_class(age: Floats) -> Whole:
    return np.asarray(np.searchsorted(AGE_EDGES, np.maximum(age, 0.0), side="right") - 1, dtype=np.int64)


def _closes(book: Book, which: np.ndarray, months: Floats) -> Floats:
    shape = (len(book.states), len(AGE_EDGES), len(months))
    place = (
        book.state[which],
        age_class(book.closed[which] - book.created[which]),
        np.searchsorted(months, book.closed[which], side="right") - 1,
    )
    return np.bincount(np.ravel_multi_index(place, shape), minlength=int(np.prod(shape))).reshape(shape).astype(float)


def _moves(book: Book, start: float) -> Floats:
    visits, shape = book.visits, (len(book.states), len(book.states), len(AGE_EDGES))
    same = visits.deal[1:] == visits.deal[:-1]
    moved = same & (visits.state[1:] != visits.state[:-1]) & (visits.entered[1:] >= start)
    when = visits.entered[1:][moved]
    age = age_class(when - book.created[visits.deal[1:][moved]])
    place = np.ravel_multi_index((visits.state[:-1][moved], visits.state[1:][moved], age), shape)
    return np.bincount(place, minlength=int(np.prod(shape))).reshape(shape).astype(float)
