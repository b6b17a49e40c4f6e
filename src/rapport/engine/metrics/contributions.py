"""Which part of a whole explains how far a metric moved.

`moved = now - before` is divided among the parts of one dimension, so that the shares add up to it exactly:

- of an additive metric: each part's own difference;
- of a ratio R = sum num / sum den, with part i's rate r_i = num_i / den_i and weight w_i = den_i / sum den:

      moved = sum_i [ (w_i' + w_i) / 2 * (r_i' - r_i)  +  (w_i' - w_i) * ((r_i' + r_i) / 2 - (R' + R) / 2) ]

  the first term is its rate, the second its weight in the mix. A part without denominator on one side has no rate
  there, and so counts as mix alone.

The part that explains most is the one whose share of the move most exceeds its weight before: where every part moved
alike, no part explains anything.

Sources: E. M. Kitagawa (1955), Components of a difference between two rates, JASA 50, eq. 1, summed by part and centred
on the mean of both rates so that growth of an average part explains nothing; R. Bhagwan et al. (2014), Adtributor,
NSDI, for weighing what a part explains against what it was expected to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAST_SHARE, LEAST_EXCESS = 0.25, 0.10


@dataclass(frozen=True, kw_only=True)
class Amount:
    """What a part was: `value` of an additive metric; numerator and denominator of a ratio."""

    numerator: float
    denominator: float | None = None


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """A part's share of a move, in the metric's unit.

    Attributes:
        part: the dimension's value, null where a row has none.
        by_rate, by_mix: of a ratio: what its own rate and its weight brought, together `moved`.
        weight: of the part in the whole before, 0..1; share: of the whole move, may lie outside 0..1.
    """

    part: str | None
    moved: float
    by_rate: float | None
    by_mix: float | None
    weight: float
    share: float

    @property
    def excess(self) -> float:
        return self.share - self.weight


def contributions(before: Mapping[str | None, Amount], now: Mapping[str | None, Amount]) -> list[Contribution]:
    """Every part's share of the move between two periods, largest excess first; [] where the whole did not move.

    Parameters: both by the value of one dimension, whose parts do not overlap; ratios have denominators throughout.
    """
    parts = sorted({*before, *now}, key=lambda part: (part is None, part or ""))
    nothing = Amount(numerator=0.0, denominator=0.0)
    pairs = {part: (before.get(part, nothing), now.get(part, nothing)) for part in parts}
    is_ratio = any(a.denominator is not None for a in (*before.values(), *now.values())) and bool(before or now)
    found = _of_ratio(pairs) if is_ratio else _of_sum(pairs)
    whole = sum(moved for moved, _, _, _ in found.values())
    if not whole:
        return []
    told = [
        Contribution(part=part, moved=moved, by_rate=rate, by_mix=mix, weight=weight, share=moved / whole)
        for part, (moved, rate, mix, weight) in found.items()
    ]
    return sorted(told, key=lambda c: -c.excess)


def explaining(found: Sequence[Contribution]) -> Contribution | None:
    """The part that explains most, if any does: a quarter of the move, and clearly more than its weight."""
    best = found[0] if found else None
    return best if best and best.share >= LEAST_SHARE and best.excess >= LEAST_EXCESS else None


_Pairs = Mapping[str | None, tuple[Amount, Amount]]
_Parts = dict[str | None, tuple[float, float | None, float | None, float]]


def _of_sum(pairs: _Pairs) -> _Parts:
    size = sum(abs(a.numerator) for a, _ in pairs.values())
    return {
        part: (b.numerator - a.numerator, None, None, abs(a.numerator) / size if size else 0.0)
        for part, (a, b) in pairs.items()
    }


def _of_ratio(pairs: _Pairs) -> _Parts:
    sizes = [sum(pair[side].denominator or 0.0 for pair in pairs.values()) for side in (0, 1)]
    if not all(sizes):
        return {}
    wholes = [sum(pair[side].numerator for pair in pairs.values()) / sizes[side] for side in (0, 1)]
    centre = sum(wholes) / 2
    found: _Parts = {}
    for part, pair in pairs.items():
        w0, w1 = ((amount.denominator or 0.0) / size for amount, size in zip(pair, sizes, strict=True))
        r0, r1 = (_rate(amount, whole) for amount, whole in zip(pair, wholes, strict=True))
        if not w0 or not w1:  # it has no rate on one side: all that it brings is mix
            r0 = r1 = r1 if w1 else r0
        rate, mix = (w0 + w1) / 2 * (r1 - r0), (w1 - w0) * ((r0 + r1) / 2 - centre)
        found[part] = (rate + mix, rate, mix, w0)
    return found


def _rate(amount: Amount, whole: float) -> float:
    return amount.numerator / amount.denominator if amount.denominator else whole
