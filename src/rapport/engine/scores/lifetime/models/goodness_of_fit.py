"""Does a fitted model look like the customers it was fitted on, and like what they did next?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups

_RARE = 5.0  # expected counts below this are put together before chi-square


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How many customers made 0, 1, .. repeat purchases, observed and expected; the last class is "or more".

    Attributes: chi_square over classes (rare ones put together), degrees (classes - 1 - parameters), p_value;
        None where there are too few classes.
    """

    observed: tuple[float, ...]
    expected: tuple[float, ...]
    chi_square: float
    degrees: int
    p_value: float | None


def frequency_histogram(model: Any, customers: PurchaseGroups, *, most: int = 7) -> Histogram:
    """Repeat purchases within each customer's own T, `most` and more together. Source: FHL 2005, figure 2."""
    expected = np.zeros(most + 1)
    counts = np.arange(most, dtype=float)
    ages, place = np.unique(customers.T, return_inverse=True)
    for age, weight in zip(ages, np.bincount(place, customers.weight), strict=True):
        expected[:most] += weight * model.pmf(counts, float(age))
    expected[most] = customers.customers - expected[:most].sum()
    observed = np.bincount(np.minimum(customers.x, most).astype(int), customers.weight, most + 1).astype(np.float64)
    seen, due = _joined(observed, expected)
    chi_square = float(((seen - due) ** 2 / due).sum())
    degrees = len(due) - 1 - len(model.parameter_names())
    p_value = float(chi2.sf(chi_square, degrees)) if degrees > 0 else None
    return Histogram(
        observed=tuple(observed.tolist()),
        expected=tuple(expected.tolist()),
        chi_square=chi_square,
        degrees=degrees,
        p_value=p_value,
    )


def _joined(observed: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Classes from the right put together until each is expected often enough."""
    seen, due = list(observed), list(expected)
    while len(due) > 2 and due[-1] < _RARE:
        last_seen, last_due = seen.pop(), due.pop()
        seen[-1] += last_seen
        due[-1] += last_due
    return np.array(seen), np.array(due)


@dataclass(frozen=True, kw_only=True)
class ConditionalMean:
    """Customers with equally many purchases before the cut-off.

    Attributes: purchases, before the cut-off (the last class is "or more"); customers; actual and expected, mean
        purchases in the holdout period.
    """

    purchases: int
    customers: float
    actual: float
    expected: float


def conditional_means(
    model: Any, calibration: PurchaseGroups, later: Floats, *, horizon: float, most: int = 7
) -> tuple[ConditionalMean, ...]:
    """What customers did in the holdout period beside what was expected, by purchases before.

    Parameters: later, purchases in the `horizon` after the cut-off, one per row. Empty classes are left out.
    Source: Fader, Hardie & Lee 2005, Marketing Science 24(2), figure 5.
    """
    expected = model.expected_purchases(calibration, horizon=horizon)
    classes = np.minimum(calibration.x, most).astype(int)
    found = []
    for x in np.unique(classes):
        rows = classes == x
        w = calibration.weight[rows]
        if w.sum() > 0:
            actual, due = (float(np.average(v[rows], weights=w)) for v in (np.asarray(later), expected))
            found.append(ConditionalMean(purchases=int(x), customers=float(w.sum()), actual=actual, expected=due))
    return tuple(found)
