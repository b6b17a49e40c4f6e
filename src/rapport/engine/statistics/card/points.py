"""From chosen lines to whole points with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rapport.engine.statistics.additive.assembly import base_log_odds
from rapport.engine.statistics.additive.tables import CategoryTable, NumericTable
from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.card.lines import Lines
from rapport.engine.statistics.card.spec import Card, CardBin, CardFeature
from rapport.engine.statistics.ridge import ridge_logistic

_RIDGE = 4.0
_Z_95 = 1.959963984540054


def pointed(chosen: Sequence[Lines], truth: Flags, weight: Floats, *, total: int, monotone: Mapping[str, int]) -> Card:
    """The card of these features. Lines that go against a declared direction are joined and fitted again."""
    drawn = list(chosen)
    while True:
        amounts, covariance = _amounts(drawn, truth, weight)
        wrong = _first_wrong(drawn, amounts, monotone)
        if wrong is None:
            break
        joined = drawn[wrong[0]].merged(wrong[1])
        drawn[wrong[0] : wrong[0] + 1] = [joined] if joined.count > 1 else []
    return _card(drawn, amounts, covariance, truth, weight, total)


def _amounts(drawn: Sequence[Lines], truth: Flags, weight: Floats) -> tuple[list[Floats], Floats]:
    """Log-odds of each line, by a logistic regression that is shrunk toward the shapes; covariance of all lines."""
    if not drawn:
        return [], np.zeros((0, 0))
    design = np.column_stack([np.ones(len(truth)), *(np.eye(one.count + 1)[one.codes][:, :-1] for one in drawn)])
    offset = np.sum([one.heights[one.codes] for one in drawn], axis=0)
    penalties = np.r_[0.0, np.full(design.shape[1] - 1, _RIDGE)]
    beta, covariance = ridge_logistic(design, truth, weights=weight, penalties=penalties, offset=offset)
    ends = np.cumsum([1, *(one.count for one in drawn)])
    parts = zip(drawn, ends, ends[1:], strict=False)
    return [one.heights[:-1] + beta[start:end] for one, start, end in parts], covariance[1:, 1:]


def _first_wrong(
    drawn: Sequence[Lines], amounts: Sequence[Floats], monotone: Mapping[str, int]
) -> tuple[int, int] | None:
    """(feature, line): the first of two neighbouring lines of a number that go the wrong way."""
    for position, (one, heights) in enumerate(zip(drawn, amounts, strict=True)):
        sign = monotone.get(one.table.name, 0) if isinstance(one.table, NumericTable) else 0
        known = [h for h, bins in zip(heights, one.bins_of_line, strict=True) if not _is_unknown(one, bins)]
        for line in range(len(known) - 1):
            if sign * (known[line + 1] - known[line]) < 0:
                return position, line
    return None


def _card(
    drawn: Sequence[Lines], amounts: Sequence[Floats], covariance: Floats, truth: Flags, weight: Floats, total: int
) -> Card:
    spans = np.array([float(np.ptp(heights)) for heights in amounts])
    unit = _unit(amounts, total) if spans.sum() > 0 else 1.0
    found, at = list[CardFeature](), 0
    for one, heights in zip(drawn, amounts, strict=True):
        own = covariance[at : at + one.count, at : at + one.count]
        at += one.count
        found.append(_feature(one, heights, own, unit, truth))
    kept = sorted((f for f in found if f.most > 0), key=lambda f: (-f.most, f.name))
    card = Card(
        features=tuple(kept),
        total=total,
        intercept=base_log_odds(truth, weight),
        unit=unit,
        n=len(truth),
        event_count=int(truth.sum()),
    )
    return _levelled(card, drawn, truth, weight)


def _unit(amounts: Sequence[Floats], total: int) -> float:
    """The least log-odds per point with which the highest points of all features, rounded, stay within `total`."""
    spans = np.array([float(np.ptp(heights)) for heights in amounts])
    unit = float(spans.sum()) / total
    while np.rint(spans / unit).sum() > total:
        unit *= 1.002
    return unit


def _feature(one: Lines, heights: Floats, covariance: Floats, unit: float, truth: Flags) -> CardFeature:
    lowest = int(np.argmin(heights))
    bins = []
    for line, own in enumerate(one.bins_of_line):
        spread = covariance[line, line] + covariance[lowest, lowest] - 2 * covariance[line, lowest]
        reach = _Z_95 * float(np.sqrt(max(spread, 0.0))) / unit
        height = float(heights[line] - heights[lowest]) / unit
        rows = one.codes == line
        bins.append(
            CardBin(
                **_place(one, own),
                points=round(height),
                low=round(height - reach, 3),
                high=round(height + reach, 3),
                n=int(rows.sum()),
                events=int(truth[rows].sum()),
            )
        )
    return CardFeature(name=one.table.name, numeric=isinstance(one.table, NumericTable), bins=tuple(bins))


def _place(one: Lines, own: tuple[int, ...]) -> dict[str, Any]:
    if _is_unknown(one, own):
        return {"unknown": True}
    if isinstance(one.table, NumericTable):
        edges = one.table.edges
        first, last = min(own), max(own)
        return {
            "above": float(edges[first - 1]) if first > 0 else None,
            "up_to": float(edges[last]) if last < len(edges) else None,
        }
    assert isinstance(one.table, CategoryTable)
    named = one.table.categories
    return {"categories": tuple(named[i] for i in sorted(own) if i < len(named)), "other": len(named) in own}


def _is_unknown(one: Lines, own: tuple[int, ...]) -> bool:
    return own == (len(one.table.counts) - 1,)


def _levelled(card: Card, drawn: Sequence[Lines], truth: Flags, weight: Floats) -> Card:
    """The card with intercept and unit fitted to its whole points."""
    points = np.zeros(len(truth))
    by_name = {one.table.name: one for one in drawn}
    for feature in card.features:
        points += np.array([*(b.points for b in feature.bins), 0])[by_name[feature.name].codes]
    if not np.ptp(points):
        return card
    design = np.column_stack([np.ones(len(truth)), points - points.mean()])
    penalties = np.array([0.0, 1.0])
    offset = card.unit * (points - points.mean())
    beta, _ = ridge_logistic(design, truth, weights=weight, penalties=penalties, offset=offset)
    unit = card.unit + float(beta[1])
    return Card(**{**card.__dict__, "unit": unit, "intercept": float(beta[0]) - unit * float(points.mean())})
