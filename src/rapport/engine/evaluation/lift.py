"""Lift and capture: what working the list from the top brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rapport.engine.statistics.auc import Cases, Floats
from rapport.engine.statistics.wilson import Share, share

DECILES = 10


@dataclass(frozen=True, kw_only=True)
class Decile:
    """A tenth of the cases, the best first.

    Attributes:
        decile: 1 is the tenth with the highest scores.
        conversion: events in it over cases in it, with interval.
        lift: its rate over the rate of all; None where nobody converted.
        captured: share of all events in this and better deciles.
        cumulative_lift: rate of this and better deciles over the rate of all.
    """

    decile: int
    conversion: Share
    lift: float | None
    captured: float | None
    cumulative_lift: float | None


def events_in_top(cases: Cases, sizes: Floats) -> Floats:
    """Events to expect among the `sizes` highest scores.

    Equal scores have no order of their own: where a size cuts through a tie, the tie's events are
    shared out evenly, which is what a random order within it gives on average.
    """
    values, position = np.unique(-cases.scores, return_inverse=True)
    counts = np.bincount(position, minlength=len(values))
    events = np.bincount(position, weights=cases.events.astype(float), minlength=len(values))
    reached = np.concatenate([[0.0], np.cumsum(counts)])
    gained = np.concatenate([[0.0], np.cumsum(events)])
    return np.asarray(np.interp(sizes, reached, gained), dtype=float)


def deciles(groups: Sequence[Cases]) -> tuple[Decile, ...]:
    """Ten rows, the best first; tenths are taken within each cut-off and added up over the cut-offs.

    Empty where there are no cases. A tenth of n cases counts n / 10 of them, so sizes and events may be fractions.
    """
    total = sum(len(g.events) for g in groups)
    if total == 0:
        return ()
    gained = np.zeros(DECILES + 1)
    for group in groups:
        gained += events_in_top(group, np.arange(DECILES + 1) * len(group.events) / DECILES)
    everyone = float(gained[-1])
    return tuple(_decile(k, gained, total, everyone) for k in range(1, DECILES + 1))


def precision_at(groups: Sequence[Cases], capacity: int) -> Share:
    """Of the `capacity` highest scores at each cut-off, the share that had the event."""
    sizes = [min(capacity, len(g.events)) for g in groups]
    events = sum(float(events_in_top(g, np.array([float(s)]))[0]) for g, s in zip(groups, sizes, strict=True))
    return share(events, float(sum(sizes)))


def _decile(k: int, gained: Floats, total: int, everyone: float) -> Decile:
    size, base = total / DECILES, everyone / total
    here, so_far = float(gained[k] - gained[k - 1]), float(gained[k])
    return Decile(
        decile=k,
        conversion=share(here, size),
        lift=here / size / base if base else None,
        captured=so_far / everyone if everyone else None,
        cumulative_lift=so_far / (size * k) / base if base else None,
    )
