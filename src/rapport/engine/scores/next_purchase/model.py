"""What is bought next, from who had what and then bought what.

For things i that a customer had and things j on offer, over the customers of a past cut-off:

    p_j       share that bought j in the horizon after it
    q_j(c)    the same of those who had bought j c times before (0, 1, 2, 3-4, 5 or more), shrunk toward p_j
    m_ij      p_j x (pairs + k) / (pairs expected + k), where pairs had both before: what co-purchase leads to expect
    r_ij      (had i, then bought j + k m_ij) / (had i + k): sequence, shrunk toward co-purchase
    P_j       q_j(c) + s x mean over the things had of (r_ij - p_j), within 0 and 1

k is the definition's shrinkage (a beta prior worth k customers; the first one a gamma prior on the ratio of
observed to expected counts, as in DuMouchel 1999). s is fitted by least squares, each customer left out of the
counts that judge it, and is never below 0. A sum, so that each thing had is a reason of its own.
Figures are kept as whole micro-percent; P_j is then exact on every engine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.exact import Whole, half_even

Floats = NDArray[np.float64]
PERCENT = 100 * MICRO  # micro-percent of certainty
BUCKETS = (0, 1, 2, 3, 5)  # from how often on
_MOST_STRENGTH = 20.0
_LIKELIEST = 0.95
_PRICE_PRIOR = 2.0


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What customers of a cut-off had and then bought.

    Attributes: customers; had, then (customers by thing), had_times and then_times (by thing and bucket: how many had
        it so often, and how many of those then bought it); pairs (had both), followed (had the first, then bought
        the second); spent (on each thing then).
    """

    customers: int
    had: Floats
    then: Floats
    had_times: Floats
    then_times: Floats
    pairs: Floats
    followed: Floats
    spent: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """The figures in micro-percent.

    Attributes:
        things: names, by number. popular: p_j. own: q_j by thing and bucket. pull: r_ij - p_j, 0 where i = j.
        strength: s in millionths. price: what a buyer spends on each in the horizon, micro-units.
        repeats: whether a thing that is had is offered again. upgrades: by thing, numbers that it may be upgraded to.
        customers: how many it was learnt from.
    """

    things: tuple[str, ...]
    popular: Whole
    own: Whole
    pull: Whole
    strength: int
    price: Whole
    repeats: Whole
    upgrades: tuple[tuple[int, ...], ...]
    customers: int
    more: dict[str, Any]

    def chances(self, had: sparse.csr_array) -> Whole:
        """P_j of each customer and thing in micro-percent. had: how often each had each, customers x things."""
        owned = had.copy()
        owned.data = np.ones_like(owned.data)
        drawn = np.asarray(owned @ self.pull)
        own = self.own[np.arange(len(self.things)), buckets(had.toarray())]
        count = np.maximum(np.asarray(owned.sum(axis=1)).reshape(-1, 1), 1)
        return np.asarray(np.clip(own + half_even(drawn * self.strength, count * MICRO), 0, PERCENT))

    def offered(self, had: sparse.csr_array, *, upgrade: bool) -> NDArray[np.bool_]:
        """What may be offered to each customer."""
        owned = had.toarray() > 0
        if not upgrade:
            return np.asarray(~owned | self.repeats.astype(bool))
        leads = np.zeros((len(self.things), len(self.things)), dtype=np.int64)
        for thing, to in enumerate(self.upgrades):
            leads[thing, list(to)] = 1
        return np.asarray((owned.astype(np.int64) @ leads > 0) & ~owned)

    def worth(self, chances: Whole) -> Whole:
        """Expected value of each offer, micro-units of money."""
        wide = chances.astype(object) if int(self.price.max(initial=0)) > 2**62 // PERCENT else chances
        return half_even(wide * self.price, PERCENT).astype(np.int64)

    def to_json(self) -> str:
        stored = {
            "things": list(self.things),
            "strength": self.strength,
            "customers": self.customers,
            "upgrades": [list(to) for to in self.upgrades],
            "more": self.more,
            **{name: getattr(self, name).tolist() for name in _ARRAYS},
        }
        return json.dumps(stored, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Model:
        stored = json.loads(text)
        arrays = {name: np.array(stored[name], dtype=np.int64) for name in _ARRAYS}
        count = len(stored["things"])
        shapes = {"own": (count, len(BUCKETS)), "pull": (count, count)}
        return cls(
            things=tuple(stored["things"]),
            strength=stored["strength"],
            customers=stored["customers"],
            upgrades=tuple(tuple(to) for to in stored["upgrades"]),
            more=stored["more"],
            **{name: array.reshape(shapes.get(name, (count,))) for name, array in arrays.items()},
        )


_ARRAYS = ("popular", "own", "pull", "price", "repeats")


def buckets(times: Whole) -> Whole:
    """The bucket of how often a thing was had."""
    return np.searchsorted(np.array(BUCKETS), times, side="right") - 1


def fitted(
    counts: Counts,
    *,
    things: tuple[str, ...],
    shrinkage: int,
    repeat_from: float,
    sample_had: sparse.csr_array,
    sample_then: sparse.csr_array,
    upgrades: tuple[tuple[int, ...], ...],
    more: dict[str, Any],
) -> Model:
    """The model of some counts. sample_had, sample_then: how often some customers had and then bought each thing."""
    k, n = float(shrinkage), max(counts.customers, 1)
    popular = (counts.then + 0.5) / (n + 1)
    own = (counts.then_times + k * popular[:, None]) / (counts.had_times + k)
    expected = np.outer(counts.had, counts.had) / n
    prior = np.minimum(popular * (counts.pairs + k) / (expected + k), _LIKELIEST)
    followed = (counts.followed + k * prior) / (counts.had[:, None] + k)
    pull = followed - popular
    np.fill_diagonal(pull, 0.0)
    repeats = (counts.then_times[:, 1:].sum(axis=1) / np.maximum(counts.had, 1)) >= repeat_from
    own_in_sample = (own, sample_had, sample_then)
    left_out = (counts.followed + k * prior, counts.had[:, None] + k - 1, popular)
    strength = _strength(*own_in_sample, *left_out, repeats=repeats)
    spent = counts.spent.sum() / max(counts.then.sum(), 1)
    price = (counts.spent + _PRICE_PRIOR * spent) / (counts.then + _PRICE_PRIOR)
    return Model(
        things=things,
        popular=_micro(popular),
        own=_micro(own),
        pull=_micro(pull),
        strength=round(strength * MICRO),
        price=np.rint(np.maximum(price, 0) * MICRO).astype(np.int64),
        repeats=repeats.astype(np.int64),
        upgrades=upgrades,
        customers=counts.customers,
        more=more,
    )


def _strength(
    own: Floats,
    had: sparse.csr_array,
    then: sparse.csr_array,
    weighed: Floats,
    size: Floats,
    popular: Floats,
    *,
    repeats: NDArray[np.bool_],
) -> float:
    """s of least squares over what may be offered; each customer is left out of the counts behind its own pull."""
    if not had.shape[0]:
        return 0.0
    times = had.toarray()
    owned = (times > 0).astype(float)
    outcome = (then.toarray() > 0).astype(float)
    count = np.maximum(owned.sum(axis=1, keepdims=True), 1)
    rest = weighed / size - popular
    np.fill_diagonal(rest, 0.0)
    inverse = np.broadcast_to(1 / size, rest.shape).copy()
    np.fill_diagonal(inverse, 0.0)
    pull = (owned @ rest - outcome * (owned @ inverse)) / count
    base = own[np.arange(own.shape[0]), buckets(times)]
    told = (times == 0) | repeats
    square = float((pull * pull * told).sum())
    return min(max(float((pull * (outcome - base) * told).sum()) / square, 0.0), _MOST_STRENGTH) if square else 0.0


def _micro(shares: Floats) -> Whole:
    return np.rint(shares * PERCENT).astype(np.int64)
