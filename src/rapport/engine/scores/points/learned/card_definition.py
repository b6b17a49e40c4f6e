"""A learned card as a points definition: a draft like any that a person writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from rapport.engine.errors import DataError
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.features.terms import Feature
from rapport.engine.scores.points.learned.terms import Written, criteria_of
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.statistics.card import Card

FIT_GROUP, ENGAGEMENT_GROUP = "who they are", "what they do"
_KEPT = ("name", "title", "description", "subject", "audience", "outcome", "owner", "time_zone", "refresh")


def card_definition(
    card: Card, features: Sequence[Feature], *, like: ScoreDefinition, cuts: Mapping[str, int] | None = None
) -> PointsDefinition:
    """The definition whose points are the card's, from 0 to its total.

    Parameters: features, at least those of the card, as their names say; like, whose name, subject, audience
        and outcome it takes; cuts, label -> lowest points of a band, without bands where None.
    Raises: DataError for a card without lines: nothing could be told from chance.
    """
    by_name = {feature.name: feature for feature in features}
    groups: dict[str, dict[str, object]] = {}
    for line in card.features:
        feature = by_name[line.name]
        written = criteria_of(line, feature, subject=like.subject)
        if written:
            name, kind = (ENGAGEMENT_GROUP, "engagement") if feature.term else (FIT_GROUP, "fit")
            group = groups.setdefault(name, {"type": kind, "criteria": []})
            group["criteria"] = [*_criteria(group), *written]
    if not groups:
        raise DataError(
            "Nothing could be told from chance, so there are no points to learn.",
            where=like.name,
            received=f"{card.n:,} cases, {card.event_count:,} with the outcome",
            next_step="Wait for more outcomes, or look at more of the past.",
        )
    said = like.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True, include=set(_KEPT))
    bands = [{"label": label, "from": Decimal(low)} for label, low in (cuts or {}).items()]
    document = {**said, "range": [Decimal(0), Decimal(card.total)], "bands": bands, "groups": _named_once(groups)}
    return PointsDefinition.model_validate(document)


def _criteria(group: Mapping[str, object]) -> list[Written]:
    found = group["criteria"]
    assert isinstance(found, list)
    return found


def _named_once(groups: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Criteria with a name of their own: the second of a name is numbered."""
    seen: Counter[str] = Counter()
    for group in groups.values():
        for written in _criteria(group):
            name = written["name"]
            seen[name] += 1
            if seen[name] > 1:
                written["name"] = f"{name[:110]} ({seen[name]})"
    return groups
