"""Whole-number arithmetic whose rounding is the same everywhere: half to even, once.

Arrays are int64, or Python's own whole numbers (dtype object) where products would not fit into 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[Any]
LARGEST = 2**62


def half_even(numerator: Whole, denominator: Whole | int) -> Whole:
    """The nearest whole number of each fraction, ties to the even one; `denominator` above 0."""
    quotient = numerator // denominator
    twice = 2 * (numerator - quotient * denominator)
    up = (twice > denominator) | ((twice == denominator) & (quotient % 2 == 1))
    return np.asarray(quotient + up.astype(np.int64))


def rounded(numerator: int, denominator: int) -> int:
    """`half_even` of one fraction."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + int(2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


def shares(parts: Sequence[int], denominator: int) -> list[int]:
    """Whole shares of `rounded(sum(parts), denominator)` that add up to it exactly, each within one of its own."""
    sums = [rounded(total, denominator) for total in accumulate(parts)]
    return [after - before for before, after in zip([0, *sums], sums, strict=False)]


def whole(numbers: Whole, *, largest: int) -> Whole:
    """`numbers` wide enough for results up to `largest`."""
    return numbers.astype(np.int64) if largest < LARGEST else numbers.astype(object)


def scaled(number: Decimal, places: int) -> int:
    """A decimal as whole units of 10^-places, rounded half to even."""
    return int(number.scaleb(places).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
