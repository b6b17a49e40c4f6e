"""Which sums over events a points score needs, merged so that events are read once.

Criteria of a group that only add up (per, without limit, condition or at_most) share one sum; every
other criterion has a sum, count or maximum of its own. In detail, each criterion has its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from rapport.engine.crm.conditions.grammar import EventMatch, No, walk
from rapport.engine.crm.events import DERIVED
from rapport.engine.scores.points.spec import AtMost, CountPoints, Criterion, Decay, PointsDefinition

INTERACTIONS = "interactions"


class How(StrEnum):
    """How the occurrences of a feature come together.

    SUM: micro-points by age, added. LATEST: the largest, regardless of sign. COUNT: how many.
    SEEN: 1 if there is one. CAPPED: micro-points by age, the earliest `at_most.times` of each window.
    """

    SUM = "sum"
    LATEST = "latest"
    COUNT = "count"
    SEEN = "seen"
    CAPPED = "capped"


@dataclass(frozen=True)
class Term:
    """Points for the occurrences of a match, by age."""

    match: EventMatch
    points: Decimal = Decimal(0)
    decay: Decay | None = None


@dataclass(frozen=True)
class Feature:
    """One whole number per subject, made of events of one source. 0 where there are none."""

    name: str
    how: How
    terms: tuple[Term, ...]
    at_most: AtMost | None = None


@dataclass(frozen=True)
class Plan:
    """The features of a definition.

    Attributes:
        detail: one sum per criterion, so that each can be told apart.
    """

    definition: PointsDefinition
    detail: bool = False

    @cached_property
    def features(self) -> Mapping[str, tuple[Feature, ...]]:
        """Features by source: `interactions`, or the name of a derived event."""
        found: dict[str, list[Feature]] = {}
        for feature in (*self._pools, *self._own.values(), *self._seen.values()):
            found.setdefault(source_of(feature.terms[0].match), []).append(feature)
        return {source: tuple(features) for source, features in found.items()}

    def own(self, criterion: Criterion) -> str:
        """The feature of a criterion that has one of its own."""
        return self._own[criterion.name].name

    def seen(self, part: No) -> str:
        """The feature behind a `no:` condition."""
        return self._seen[match_key(part.no, with_days=True)].name

    def pools(self, group: str) -> list[str]:
        """The features that criteria of a group share."""
        return [name for (of, _), (name, _) in self._pooled.items() if of == group]

    def is_pooled(self, criterion: Criterion) -> bool:
        plain = criterion.at_most is None and criterion.limit is None and criterion.when is None
        return not self.detail and criterion.per is not None and plain

    @cached_property
    def _pooled(self) -> Mapping[tuple[str, str], tuple[str, list[Term]]]:
        found: dict[tuple[str, str], tuple[str, list[Term]]] = {}
        for group, criterion in self.definition.criteria:
            if criterion.per is not None and self.is_pooled(criterion):
                key = (group, source_of(criterion.per))
                found.setdefault(key, (f"p{len(found)}", []))[1].append(self._term(group, criterion))
        return found

    @property
    def _pools(self) -> Iterator[Feature]:
        for name, terms in self._pooled.values():
            yield Feature(name, How.SUM, tuple(terms))

    @cached_property
    def _own(self) -> Mapping[str, Feature]:
        found: dict[str, Feature] = {}
        for group, criterion in self.definition.criteria:
            if criterion.event is not None and not self.is_pooled(criterion):
                term = self._term(group, criterion)
                found[criterion.name] = Feature(f"c{len(found)}", _how(criterion), (term,), criterion.at_most)
        return found

    @cached_property
    def _seen(self) -> Mapping[str, Feature]:
        found: dict[str, Feature] = {}
        for _, criterion in self.definition.criteria:
            for part in walk(criterion.when):
                if isinstance(part, No):
                    key = match_key(part.no, with_days=True)
                    found.setdefault(key, Feature(f"n{len(found)}", How.SEEN, (Term(part.no),)))
        return found

    def _term(self, group: str, criterion: Criterion) -> Term:
        assert criterion.event is not None
        points = criterion.points if isinstance(criterion.points, Decimal) else Decimal(0)
        return Term(criterion.event, points, self.definition.decay_of(group, criterion))


def source_of(match: EventMatch) -> str:
    return match.event if match.event in DERIVED else INTERACTIONS


def match_key(match: EventMatch, *, with_days: bool = False) -> str:
    """Equal for matches that look for the same event and fields; also the same days, if asked."""
    return match.model_dump_json(by_alias=True, exclude_none=True, exclude=None if with_days else {"within_days"})


def _how(criterion: Criterion) -> How:
    if isinstance(criterion.points, CountPoints):
        return How.COUNT
    if criterion.once is not None:
        return How.LATEST
    return How.CAPPED if criterion.at_most else How.SUM
