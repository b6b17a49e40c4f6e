"""What customers who are still there will do, by purchases so far and age: worked out once, looked up often.

For each model here, a figure given the history is P(alive | x, t_x, T) x a figure of (x, T) alone. The latter is
worked out for whole stretches of ages at once, always the same stretches, so that a customer's figure
never depends on who else is looked at: one by one or all together, on any engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups

_STRETCH = 256  # ages worked out at once
_KEPT = 16_384  # stretches kept, 2 KB each


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What is asked of the future.

    Attributes:
        horizon: in the model's unit of time (days, or opportunities).
        rate: of discount per unit, continuous.
        unit_days: days of one unit.
    """

    horizon: float
    rate: float = 0.0
    unit_days: float = 1.0


Figure = Callable[[Any, PurchaseGroups, Ahead], Floats]


def purchases(model: Any, customers: PurchaseGroups, ahead: Ahead) -> Floats:
    """Expected purchases within the horizon, discounted where a rate is given."""
    if ahead.rate:
        return np.asarray(model.discounted_purchases(customers, horizon=ahead.horizon, rate=ahead.rate))
    return np.asarray(model.expected_purchases(customers, horizon=ahead.horizon))


def buys(model: Any, customers: PurchaseGroups, ahead: Ahead) -> Floats:
    """P(at least one purchase within the horizon)."""
    none = model.future_pmf(customers, horizon=ahead.horizon, most=0)[:, 0]
    return np.asarray(1.0 - none)


def alive(model: Any, customers: PurchaseGroups) -> Floats:
    """P(still a customer), 0..1."""
    return np.asarray(model.probability_alive(customers))


def if_alive(figure: Figure, model: Any, x: Floats, age: Floats, ahead: Ahead) -> Floats:
    """The figure of customers who are known to be there still, one per entry of x and age (whole numbers)."""
    stretch = (age // _STRETCH).astype(np.int64)
    pairs, place = np.unique(x.astype(np.int64) * 100_000 + stretch, return_inverse=True)
    table = np.stack([_stretch(figure, model, int(p // 100_000), int(p % 100_000), ahead) for p in pairs])
    return np.asarray(table[place, (age - stretch * _STRETCH).astype(np.int64)])


@lru_cache(maxsize=_KEPT)
def _stretch(figure: Figure, model: Any, x: int, stretch: int, ahead: Ahead) -> Floats:
    ages = stretch * _STRETCH + np.arange(float(_STRETCH))
    count = np.minimum(float(x), ages) if model.name == "bg_bb" else np.full(_STRETCH, float(x))
    just_bought = PurchaseGroups(count, np.where(count > 0, ages, 0.0), ages)
    return figure(model, just_bought, ahead) / alive(model, just_bought)
