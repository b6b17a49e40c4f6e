"""A points card: a few features, a few ranges of each, whole points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rapport.engine.statistics.additive.features import Features
from rapport.engine.statistics.additive.tables import CategoryTable, Micros, NumericTable, Table
from rapport.engine.statistics.auc import Floats


@dataclass(frozen=True, kw_only=True)
class CardBin:
    """One line of a card.

    Attributes:
        above, up_to: of a number: above < value <= up_to, None where open. categories: of a category.
        other: also categories that are not named; unknown: also cases of which the feature is not known.
        points: whole, at least 0; low, high: 95 % interval against the feature's line of 0 points, not cut at 0.
        n, events: training cases on this line and how many of them had the event.
    """

    above: float | None = None
    up_to: float | None = None
    categories: tuple[str, ...] = ()
    other: bool = False
    unknown: bool = False
    points: int
    low: float
    high: float
    n: int
    events: int

    @property
    def label(self) -> str:
        """In words: `above 3 to 10`, `month-to-month`, `unknown`."""
        words = [*self.categories, *(["other"] if self.other else [])]
        if self.above is not None and self.up_to is not None:
            words.append(f"above {self.above:.10g} to {self.up_to:.10g}")
        elif self.up_to is not None:
            words.append(f"at most {self.up_to:.10g}")
        elif self.above is not None:
            words.append(f"above {self.above:.10g}")
        if self.unknown:
            words.append("unknown")
        return ", ".join(words) or "any value"


@dataclass(frozen=True, kw_only=True)
class CardFeature:
    """A feature's lines: numbers in ascending order, then unknown. What no line holds has 0 points."""

    name: str
    numeric: bool
    bins: tuple[CardBin, ...]

    @property
    def most(self) -> int:
        return max(one.points for one in self.bins)

    def table(self) -> Table:
        """The lines as a lookup of points."""
        known = [one for one in self.bins if not one.unknown]
        unknown = next((one.points for one in self.bins if one.unknown), 0)
        if self.numeric:
            edges = np.array([one.up_to for one in known if one.up_to is not None], dtype=np.float64)
            return NumericTable(edges=edges, **_lookup(self.name, [*(one.points for one in known), unknown]))
        named = {category: one.points for one in known for category in one.categories}
        other = next((one.points for one in self.bins if one.other), 0)
        return CategoryTable(categories=tuple(named), **_lookup(self.name, [*named.values(), other, unknown]))


@dataclass(frozen=True, kw_only=True)
class Card:
    """Points from 0 to at most `total`; log-odds = intercept + unit x points.

    Attributes:
        features: most points first. unit: log-odds that a point stands for.
        n, event_count: training cases and how many of them had the event.
    """

    features: tuple[CardFeature, ...]
    total: int
    intercept: float
    unit: float
    n: int
    event_count: int

    def points(self, features: Features) -> Micros:
        """Whole points of each row."""
        told = np.zeros(features.count, dtype=np.int64)
        for one in self.features:
            told += one.table().lookup(features[one.name])
        return told

    def log_odds(self, features: Features) -> Floats:
        return np.asarray(self.intercept + self.unit * self.points(features), dtype=np.float64)

    @property
    def text(self) -> str:
        """The card as it is read: one line per feature and bin."""
        lines = []
        for one in self.features:
            lines.append(f"{one.name}")
            lines += [f"  {b.label}: {b.points:+d} ({b.low:.0f} to {b.high:.0f}, n {b.n:,})" for b in one.bins]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Card:
        features = tuple(
            CardFeature(
                name=one["name"],
                numeric=one["numeric"],
                bins=tuple(CardBin(**{**b, "categories": tuple(b["categories"])}) for b in one["bins"]),
            )
            for one in stored["features"]
        )
        return cls(**{**stored, "features": features})


def _lookup(name: str, points: list[int]) -> dict[str, Any]:
    nothing = np.zeros(len(points), dtype=np.int64)
    return {
        "name": name,
        "micros": np.array(points, dtype=np.int64),
        "errors": nothing.astype(np.float64),
        "counts": nothing,
        "events": nothing,
    }
