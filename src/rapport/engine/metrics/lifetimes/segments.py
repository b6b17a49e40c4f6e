"""RFM segments of customers as they stood, by the cut points of that day."""

from __future__ import annotations

import numpy as np

from rapport.engine.metrics.lifetimes.purchase_log import Standing, Whole
from rapport.engine.scores.population import quantiles
from rapport.engine.scores.rfm.expression import FEWEST_FOR_QUINTILES, QUINTILES, TERCILES
from rapport.engine.scores.rfm.segments import SEGMENTS


def segments_of(customers: Standing) -> np.ndarray:
    """The named segment of each, by recency and frequency scores among all customers of that day.

    Quintiles from 50 customers on, terciles below; equal values have equal scores; a long time since the last
    purchase scores low.
    """
    recency = 6 - _scores(customers.since)
    frequency = _scores(customers.purchases)
    names = np.array(list(SEGMENTS))
    table = np.zeros((6, 6), dtype=np.int64)
    for number, ((r_from, r_to), (f_from, f_to)) in enumerate(SEGMENTS.values()):
        table[r_from : r_to + 1, f_from : f_to + 1] = number
    return np.asarray(names[table[recency, frequency]], dtype=object)


def _scores(values: Whole) -> Whole:
    """1 + the number of cut points strictly below, two steps apart between terciles."""
    shares = QUINTILES if len(values) >= FEWEST_FOR_QUINTILES else TERCILES
    points = np.array([int(p) for p in quantiles(values, shares=shares)], dtype=np.int64)
    step = 4 // len(points) if len(points) else 1
    return np.asarray(1 + step * np.searchsorted(points, values, side="left"), dtype=np.int64)
