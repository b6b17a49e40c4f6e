"""Points by age as whole numbers: `micro[age] = round_half_even(points x 10^6 x weight(age))`.

Made once here, with 50 digits; engines only join the table, multiply by counts and sum integers.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.points.spec import Decay

Integers = NDArray[np.int64]

_DIGITS = Context(prec=50)
_ONE = Decimal(1)


def weight(decay: Decay | None, age: int) -> Decimal:
    """What is left of a point after `age` local days, 0..1; exactly 1 at age 0."""
    if decay is None or age == 0:
        return _ONE
    with localcontext(_DIGITS):
        if decay.half_life_days is not None:
            return Decimal(2) ** (-Decimal(age) / decay.half_life_days)
        assert decay.per_days is not None and decay.percent is not None  # noqa: PT018
        loss, periods = decay.percent / 100, Decimal(age) / decay.per_days
        if decay.shape == "linear":
            return max(Decimal(0), _ONE - loss * periods)
        return Decimal(0) if loss == 1 else (_ONE - loss) ** periods


@lru_cache(maxsize=64)
def _weights(decay: Decay | None, ages: int) -> tuple[Decimal, ...]:
    return tuple(weight(decay, age) for age in range(ages))


@lru_cache(maxsize=512)
def micro_table(points: Decimal, decay: Decay | None, ages: int) -> Integers:
    """micro[0] .. micro[ages - 1]."""
    with localcontext(_DIGITS):
        scaled = points * MICRO
        whole = [int((scaled * w).quantize(_ONE, rounding=ROUND_HALF_EVEN)) for w in _weights(decay, ages)]
    table = np.array(whole, dtype=np.int64)
    table.flags.writeable = False
    return table


@lru_cache(maxsize=512)
def settled_age(points: Decimal, decay: Decay | None, longest: int) -> int:
    """The first age from which on micro-points no longer change, at most `longest`."""
    if decay is None or points == 0:
        return 0
    low, high = 0, longest  # micro-points never grow with age, so the end can be searched for
    final = _micro(points, decay, longest)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _micro(points, decay, middle) == final else (middle + 1, high)
    return low


def _micro(points: Decimal, decay: Decay, age: int) -> int:
    with localcontext(_DIGITS):
        return int((points * MICRO * weight(decay, age)).quantize(_ONE, rounding=ROUND_HALF_EVEN))
