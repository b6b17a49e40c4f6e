"""Named segments: what a pair of recency and frequency scores is called.

The map is the one widely used by practitioners; each pair of scores 1 to 5 has exactly one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

Pair = tuple[int, int]

SCORES = (1, 2, 3, 4, 5)
PAIRS: tuple[Pair, ...] = tuple(product(SCORES, SCORES))

# name: (recency scores, frequency scores), each from and to
SEGMENTS: Mapping[str, tuple[Pair, Pair]] = {
    "champions": ((5, 5), (4, 5)),
    "loyal": ((3, 4), (4, 5)),
    "potential loyalist": ((4, 5), (2, 3)),
    "new": ((5, 5), (1, 1)),
    "promising": ((4, 4), (1, 1)),
    "need attention": ((3, 3), (3, 3)),
    "about to sleep": ((3, 3), (1, 2)),
    "at risk": ((1, 2), (3, 4)),
    "can't lose": ((1, 2), (5, 5)),
    "hibernating": ((1, 2), (1, 2)),
}


def names_of(pair: Pair, segments: Mapping[str, tuple[Pair, Pair]]) -> list[str]:
    """The segments that a (recency, frequency) pair falls into; exactly one in a valid map."""
    recency, frequency = pair
    return [
        name
        for name, ((r_from, r_to), (f_from, f_to)) in segments.items()
        if r_from <= recency <= r_to and f_from <= frequency <= f_to
    ]


def faults(segments: Mapping[str, tuple[Pair, Pair]]) -> list[str]:
    """What is wrong with a map, one sentence per pair without a name or with several."""
    told = []
    for pair in PAIRS:
        names = names_of(pair, segments)
        if not names:
            told.append(f"recency {pair[0]}, frequency {pair[1]} has no segment")
        elif len(names) > 1:
            told.append(f"recency {pair[0]}, frequency {pair[1]} is in {' and '.join(names)}")
    return told
