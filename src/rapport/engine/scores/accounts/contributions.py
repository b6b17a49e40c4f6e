"""What each contact counts for its account, and what the account comes to; in whole micro-points.

Pure functions of arrays, for all accounts and for an explanation alike, so that reasons add up to the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import lru_cache
from math import lcm

import numpy as np

from rapport.engine.scores.accounts.spec import AccountsDefinition, BuyingGroup, OwnScore
from rapport.engine.scores.bands import micro
from rapport.engine.scores.exact import Whole, half_even, scaled, whole
from rapport.engine.scores.points.micro import weight as left_of
from rapport.engine.scores.points.spec import Decay, Limit

MILLION = 1_000_000
HUNDRED = 100
NEVER = -1  # the age of a contact without an interaction
_DIGITS = 50
_OLDEST = 36_500  # older contacts count as this old


def counted(scores: Whole, weights: Whole, ages: Whole | None, decay: Decay | None) -> Whole:
    """What a contact counts: score x weight x what is left at its age, rounded once.

    Parameters: scores, micro-points; weights, hundredths; ages, local days since the last interaction, NEVER
        where there is none, which leaves nothing.
    """
    if decay is None or ages is None:
        millionths = weights * (MILLION // HUNDRED)
    else:
        pairs, places = np.unique(np.stack([weights, np.minimum(ages, _OLDEST)]), axis=1, return_inverse=True)
        table = np.array([_millionths(int(w), int(age), decay) for w, age in pairs.T], dtype=np.int64)
        millionths = table[places.reshape(-1)] if len(table) else np.zeros(0, dtype=np.int64)
    return _times(scores, millionths)


def by_place(points: Whole, places: Whole, percent: Decimal) -> Whole:
    """`points` of contacts by their place, 0 for the best: each place leaves `percent` of the one before."""
    ladder = np.array([_rung(percent, place) for place in range(int(places.max()) + 1)] if len(places) else [0])
    return _times(points, ladder[places.astype(np.int64)])


def account_totals(definition: AccountsDefinition, rows: Mapping[str, Whole]) -> dict[str, Whole]:
    """What each account comes to.

    Parameters: rows, for each account: points and weight (sums over its contacts), contacts (how many), engaged_<i>
        (engaged contacts in role i), own_<i> and own_<i>_known (added score i).
    Returns: roll_up, roll_up_limited (what its limit changed), role_<i>, added_<i>, engagement, fit, range_limited,
        micro, covered (percent of the roles, in millionths), known (whether there is a value).
    """
    found: dict[str, Whole] = {}
    rolled = _rolled(definition, rows)
    found["roll_up"] = _limited(rolled, definition.roll_up.limit)
    found["roll_up_limited"] = found["roll_up"] - rolled
    sums = {"engagement": found["roll_up"].copy(), "fit": np.zeros_like(rolled)}
    if definition.buying_group is not None:
        found |= _roles(definition.buying_group, rows)
        sums["engagement"] = sums["engagement"] + sum(found[f"role_{i}"] for i in _count(definition.buying_group.roles))
    known = (rows["contacts"] > 0) | (definition.roll_up.nobody == "zero")
    for position, own in enumerate(definition.add):
        there = rows[f"own_{position}_known"].astype(bool)
        found[f"added_{position}"] = _added(own, rows[f"own_{position}"], there)
        sums[own.type] = sums[own.type] + found[f"added_{position}"]
        known = known & (there | (own.missing == "skip"))
    total = sums["engagement"] + sums["fit"]
    bounded = np.clip(total, micro(definition.range.min), micro(definition.range.max))
    return {**found, **sums, "range_limited": bounded - total, "micro": bounded, "known": known}


def _rolled(definition: AccountsDefinition, rows: Mapping[str, Whole]) -> Whole:
    if definition.roll_up.how != "mean":
        return rows["points"]
    weights = np.where(rows["weight"] > 0, rows["weight"], 1)
    points = rows["points"]
    wide = whole(points, largest=int(np.abs(points).max(initial=0)) * HUNDRED)
    means = half_even(wide * HUNDRED, weights)
    return np.where(rows["weight"] > 0, means, 0).astype(np.int64)


def _roles(group: BuyingGroup, rows: Mapping[str, Whole]) -> dict[str, Whole]:
    """Points of each role, and the share covered in millionths of a percent."""
    found: dict[str, Whole] = {}
    common = lcm(*(role.at_least for role in group.roles))
    covered: Whole = np.zeros(1, dtype=object)
    for position, role in enumerate(group.roles):
        filled = np.minimum(rows[f"engaged_{position}"], role.at_least)
        found[f"role_{position}"] = half_even(filled * micro(role.points), role.at_least)
        covered = covered + filled.astype(object) * (common // role.at_least)
    percent = half_even(covered * (HUNDRED * MILLION), common * len(group.roles))
    return {**found, "covered": percent.astype(np.int64)}


def _added(own: OwnScore, values: Whole, known: Whole) -> Whole:
    sizes = np.where(known, values, 0)
    hundredths = scaled(own.weight, 2)
    wide = whole(sizes, largest=int(np.abs(sizes).max(initial=0)) * max(abs(hundredths), 1))
    return half_even(wide * hundredths, HUNDRED).astype(np.int64)


def _limited(values: Whole, limit: Limit | None) -> Whole:
    if limit is None:
        return values
    low = values if limit.min is None else np.maximum(values, micro(limit.min))
    return low if limit.max is None else np.minimum(low, micro(limit.max))


def _times(points: Whole, millionths: Whole) -> Whole:
    largest = int(np.abs(points).max(initial=0)) * int(np.abs(millionths).max(initial=0))
    return half_even(whole(points, largest=largest) * millionths, MILLION).astype(np.int64)


@lru_cache(maxsize=100_000)
def _millionths(hundredths: int, age: int, decay: Decay) -> int:
    """A weight after its age, in millionths."""
    if age == NEVER:
        return 0
    with localcontext(prec=_DIGITS):
        left = Decimal(hundredths) * (MILLION // HUNDRED) * left_of(decay, age)
        return int(left.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


@lru_cache(maxsize=10_000)
def _rung(percent: Decimal, place: int) -> int:
    with localcontext(prec=_DIGITS):
        return int((MILLION * (percent / HUNDRED) ** place).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def _count(things: tuple[object, ...]) -> range:
    return range(len(things))
