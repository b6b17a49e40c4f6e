"""How often each value of a field is followed by the outcome, against everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from rapport.engine.scores.conversion.model import ConversionModel
from rapport.engine.scores.features.terms import Feature
from rapport.engine.statistics.additive.tables import Counts, NumericTable, Table
from rapport.engine.statistics.wilson import Share, share

_GROUPS = 8  # of a number, about equally large
_FEWEST = 30  # cases in a group


@dataclass(frozen=True, kw_only=True)
class ValueRate:
    """Values of a field that are told together. `bins` are those of the model's table."""

    label: str
    rate: Share
    bins: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Insight:
    """One feature: its importance (mean absolute log-odds) and the rate by value, `everybody` beside it."""

    name: str
    words: str
    importance: float
    everybody: Share
    values: tuple[ValueRate, ...]

    def of_bin(self, position: int) -> ValueRate | None:
        return next((v for v in self.values if position in v.bins), None)


def attribute_insights(model: ConversionModel, group: str | None = None) -> tuple[Insight, ...]:
    """Conversion by value for each feature of the model (of a group), the most important first.

    Cases are those the model learnt from. Numbers are put into up to eight groups of about equal size, none
    under 30 cases where there are so many; values nobody had are left out.
    """
    predictor = model.of_group(group)
    if predictor is None:
        return ()
    tables = {table.name: table for table in predictor.tables.tables}
    everybody = share(predictor.tables.event_count, predictor.tables.n)
    features = {f.name: f for f in model.features}
    return tuple(
        _insight(features[name], tables[name], weight, everybody)
        for name, weight in predictor.importance.items()
        if name in features
    )


def _insight(feature: Feature, table: Table, importance: float, everybody: Share) -> Insight:
    values = _numeric(feature, table) if isinstance(table, NumericTable) else _levels(table)
    return Insight(name=feature.name, words=feature.words, importance=importance, everybody=everybody, values=values)


def _levels(table: Table) -> tuple[ValueRate, ...]:
    found = [_rate(table, label, [i]) for i, label in enumerate(table.labels) if table.counts[i]]
    return tuple(sorted(found, key=lambda v: -(v.rate.rate or 0)))


def _numeric(feature: Feature, table: NumericTable) -> tuple[ValueRate, ...]:
    """Neighbouring bins joined until each group has its share of the cases."""
    groups = _joined(table.counts[: len(table.edges) + 1])
    term = feature.term
    found = [_rate(table, _label(table, g, feature), g) for g in groups if g and table.counts[g].sum()]
    unknown = len(table.edges) + 1
    if table.counts[unknown]:
        found.append(_rate(table, "never" if term and term.measure == "days" else "unknown", [unknown]))
    return tuple(found)


def _joined(counts: Counts) -> list[list[int]]:
    """Neighbouring bins together until a group has an eighth of the cases; a bin as large as that stays alone."""
    wanted = max(_FEWEST, int(counts.sum()) // _GROUPS)
    groups: list[list[int]] = []
    for position, count in enumerate(counts.tolist()):
        last = int(counts[groups[-1]].sum()) if groups else wanted
        if last >= wanted or (count >= wanted and last >= _FEWEST):
            groups.append([])
        groups[-1].append(position)
    if len(groups) > 1 and int(counts[groups[-1]].sum()) < _FEWEST:
        groups[-2:] = [groups[-2] + groups[-1]]
    return groups


def _label(table: NumericTable, bins: Sequence[int], feature: Feature) -> str:
    low = float(table.edges[bins[0] - 1]) if bins[0] else None
    high = float(table.edges[bins[-1]]) if bins[-1] < len(table.edges) else None
    if feature.whole:
        return _whole(None if low is None else floor(low) + 1, None if high is None else floor(high))
    if low is None and high is None:
        return "any value"
    if low is None:
        return f"up to {_shown(high)}"
    return f"above {_shown(low)}" if high is None else f"{_shown(low)} to {_shown(high)}"


def _whole(low: int | None, high: int | None) -> str:
    if low is None:
        return "any" if high is None else "0" if high == 0 else f"up to {high:,}"
    if high is None:
        return f"{low:,} or more"
    return f"{low:,}" if high <= low else f"{low:,} to {high:,}"


def _shown(edge: float | None) -> str:
    if edge is None:
        return ""
    return f"{ceil(edge):,}" if abs(edge) >= 100 else f"{edge:.4g}"


def _rate(table: Table, label: str, bins: Sequence[int]) -> ValueRate:
    chosen = np.array(bins)
    return ValueRate(
        label=label,
        rate=share(float(table.events[chosen].sum()), float(table.counts[chosen].sum())),
        bins=tuple(int(b) for b in bins),
    )
