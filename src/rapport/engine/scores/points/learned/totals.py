"""A definition's value from its items' amounts: criterion, group, fit and engagement, total, range."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from rapport.engine.scores.points.learned.criteria import CriteriaCases
from rapport.engine.scores.points.spec import Limit
from rapport.engine.statistics.auc import Floats

_PLACES = 6


def values(cases: CriteriaCases, points: Sequence[float]) -> Floats:
    """The value of each case with these points for the items, limits and range kept, to six places.

    An occurrence's points are rounded once here and by each age in a run: equal up to a millionth or so.
    """
    definition = cases.definition
    given = cases.amounts * np.asarray(points, dtype=np.float64)
    positions = np.array([item.position for item in cases.items])
    groups: dict[str, Floats] = {name: np.zeros(len(given)) for name in definition.groups}
    for position, (of, criterion) in enumerate(definition.criteria):
        groups[of] += _within(given[:, positions == position].sum(axis=1), criterion.limit)
    parts = {"fit": np.zeros(len(given)), "engagement": np.zeros(len(given))}
    for name, group in definition.groups.items():
        parts[group.type] += _within(groups[name], group.limit)
    limits = definition.limits
    total = _within(parts["fit"], limits.fit) + _within(parts["engagement"], limits.engagement)
    ends = Limit(min=definition.range.min, max=definition.range.max)
    return np.round(_within(_within(total, limits.total), ends), _PLACES)


def _within(amounts: Floats, limit: Limit | None) -> Floats:
    if limit is None:
        return amounts
    return np.clip(amounts, _end(limit.min, -np.inf), _end(limit.max, np.inf))


def _end(bound: Decimal | None, default: float) -> float:
    return default if bound is None else float(bound)
