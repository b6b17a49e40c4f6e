"""A criterion as a rule of HubSpot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rapport.engine.crm.conditions.fields import Nature, subject_field
from rapport.engine.crm.conditions.grammar import (
    All,
    AnyOf,
    Condition,
    EventMatch,
    FieldTest,
    InSegment,
    Measure,
    Not,
    Related,
)
from rapport.engine.scores.points.hubspot.calculators import always
from rapport.engine.scores.points.hubspot.exchanged import CannotCarry, Json, Notes
from rapport.engine.scores.points.hubspot.names import (
    ASSOCIATIONS,
    EVENT_TYPE_OF,
    FOREIGN,
    Association,
    their_property,
)
from rapport.engine.scores.points.hubspot.operations import field_names, number, operation_of
from rapport.engine.scores.points.spec import CountPoints, Criterion, ValuePoints


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Criteria of a score of `subject`. decays: whether the group's points decay."""

    subject: str
    notes: Notes
    decays: bool = False

    def rule(self, criterion: Criterion) -> Json:
        """The calculator of a criterion. Raises: CannotCarry."""
        if criterion.event is not None and criterion.when is not None:
            raise CannotCarry("HubSpot does not join an event with a condition on the record")
        if criterion.decay is not None:
            self.notes.changed("its own decay: HubSpot has one for the group")
        if isinstance(criterion.points, ValuePoints):
            return self._match(criterion.points, criterion.when)
        if criterion.event is not None:
            return self._events(criterion)
        assert criterion.when is not None and isinstance(criterion.points, Decimal)  # noqa: PT018
        return self._when(criterion.points, criterion.when)

    def _match(self, points: ValuePoints, when: Condition | None) -> Json:
        entity, _, column = points.value.partition(".")
        if when is not None and entity == self.subject:
            raise CannotCarry("HubSpot does not join values with a condition")
        name = their_property(entity, column)
        rules = [
            {"operation": operation_of(self._is(points.value, value), name), "value": number(given)}
            for value, given in points.map.items()
        ]
        match = {"type": "MATCH", "property": name, "matchRules": rules, "defaultValue": number(points.otherwise)}
        if entity == self.subject:
            return match
        return self._associated(self._linked(entity), match, _parts(when), positive=True)

    def _is(self, path: str, value: str) -> FieldTest:
        """Equality with a value of a map, which is written as text whatever the field holds."""
        nature = subject_field(path, subject=self.subject).nature
        typed: object = value
        if nature is Nature.NUMBER:
            typed = Decimal(value)
        elif nature is Nature.BOOLEAN:
            typed = value == "true"
        return FieldTest(field=path, is_=typed)

    def _when(self, points: Decimal, when: Condition) -> Json:
        if when == always(self.subject):
            return {"type": "CONSTANT", "value": number(points)}
        if isinstance(when, Related):
            return self._related(points, when)
        segments = _segment_rule(when)
        if segments is not None:
            operation, names = segments
            ids = [self.segment_id(name) for name in names]
            rule = {"operation": operation, "segmentIds": ids, "value": number(points)}
            return {"type": "SEGMENT_MEMBERSHIP", "segmentMembershipRules": [rule]}
        entity = _one_entity(when)
        conditional = _conditional(points, when, entity)
        if entity == self.subject:
            return conditional
        return self._associated(self._linked(entity), conditional, [], positive=points >= 0)

    def _related(self, points: Decimal, when: Related) -> Json:
        if when.measure is not Measure.ANY:
            raise CannotCarry("HubSpot has no bounds on what is made of associated records")
        link = next((a for a in ASSOCIATIONS[self.subject] if a.related == when.related), None)
        if link is None:
            raise CannotCarry(f"HubSpot does not lead from a {self.subject} to {when.related}")
        filters = _parts(when.where)
        constant = {"type": "CONSTANT", "value": number(points)}
        return self._associated(link, constant, filters, positive=points >= 0)

    def _associated(self, link: Association, inner: Json, filters: Sequence[Condition], *, positive: bool) -> Json:
        found: dict[str, Any] = {
            "type": "ASSOCIATIONS",
            "associatedObjectTypeId": link.object_type,
            "associationSpec": _spec(link.type_id),
            "inverseAssociationSpec": _spec(link.inverse_type_id),
            "rollupType": "MAX" if positive else "MIN",
            "recordCalculation": inner,
        }
        if filters:
            found["associationFilters"] = {"propertyFilters": [_filter(one, link) for one in filters]}
        return found

    def _linked(self, entity: str) -> Association:
        link = next((a for a in ASSOCIATIONS[self.subject] if a.entity == entity and a.related is None), None)
        if link is None:
            raise CannotCarry(f"HubSpot does not lead from a {self.subject} to its {entity}")
        return link

    def _events(self, criterion: Criterion) -> Json:
        match = criterion.event
        assert match is not None
        entry: dict[str, Any] = {"eventTypeId": _event_type(match)}
        if match.within_days is not None:
            entry["eventTimeframe"] = {"eventFilterOperation": _last_days(match.within_days)}
        points = criterion.points if isinstance(criterion.points, Decimal) else Decimal(0)
        entry["recordCalculation"] = _counted(points, match.where)
        ranges = self._ranges(criterion)
        if ranges:
            entry["eventFrequencyCriteria"] = {"type": "BETWEEN", "ranges": ranges}
        elif criterion.at_most is not None:
            self.notes.changed("at_most: HubSpot bounds what a rule gives, not how many occurrences count")
        return {"type": "MULTI_UE", "eventCalculators": [entry]}

    def _ranges(self, criterion: Criterion) -> list[Json]:
        if isinstance(criterion.points, CountPoints):
            return [_range(low, high, given) for low, high, given in criterion.points.ranges]
        if criterion.once is None:
            return []
        if self.decays or criterion.decay is not None:
            self.notes.changed("`once` does not decay as one of HubSpot's ranges of frequency")
        assert isinstance(criterion.points, Decimal)
        return [_range(1, None, criterion.points)]

    @staticmethod
    def segment_id(name: str) -> int:
        """HubSpot's id of a segment. Raises: CannotCarry."""
        number_ = name.removeprefix(FOREIGN)
        if not name.startswith(FOREIGN) or not number_.isdigit():
            raise CannotCarry(f"the segment {name!r} has no id in HubSpot")
        return int(number_)


def _segment_rule(when: Condition) -> tuple[str, Sequence[str]] | None:
    """A condition on segments alone as HubSpot's operation and the segments; None for others."""
    if isinstance(when, InSegment):
        return "HAS_AT_LEAST_ONE_SEGMENT_MEMBERSHIP", [when.segment]
    if isinstance(when, Not):
        inner = _segment_rule(when.not_)
        if inner is None or inner[0] != "HAS_AT_LEAST_ONE_SEGMENT_MEMBERSHIP":
            return None
        return "HAS_NO_SEGMENT_MEMBERSHIP", inner[1]
    parts = when.all if isinstance(when, All) else when.any if isinstance(when, AnyOf) else ()
    names = [part.segment for part in parts if isinstance(part, InSegment)]
    if not names or len(names) != len(parts):
        return None
    operation = "HAS_ALL_SEGMENT_MEMBERSHIP" if isinstance(when, All) else "HAS_AT_LEAST_ONE_SEGMENT_MEMBERSHIP"
    return operation, names


def _one_entity(when: Condition) -> str:
    entities = {name.partition(".")[0] for name in field_names(when)}
    if len(entities) != 1:
        raise CannotCarry("HubSpot joins only conditions on one kind of record")
    return entities.pop()


def _conditional(points: Decimal, when: Condition, entity: str) -> Json:
    conditions = [_condition(part, entity) for part in _parts(when)]
    composite = {"type": "COMPOSITE", "operator": "AND", "conditions": conditions}
    return {"type": "CONDITIONAL", "value": number(points), "whereCondition": composite}


def _parts(when: Condition | None) -> Sequence[Condition]:
    """What is joined by AND, at whatever depth."""
    if when is None:
        return ()
    return [inner for part in when.all for inner in _parts(part)] if isinstance(when, All) else (when,)


def _condition(condition: Condition, entity: str) -> Json:
    if isinstance(condition, All):
        inner = [_condition(part, entity) for part in condition.all]
        return {"type": "COMPOSITE", "operator": "AND", "conditions": inner}
    name = _property(condition, entity)
    return {"type": "SINGLE", "property": name, "operation": operation_of(condition, name)}


def _property(condition: Condition, entity: str) -> str:
    names = field_names(condition)
    if len(names) != 1:
        raise CannotCarry("HubSpot joins conditions by AND only")
    return their_property(entity, names.pop().removeprefix(f"{entity}."))


def _filter(condition: Condition, link: Association) -> Json:
    name = _property(condition, link.entity)
    return {"filterType": "PROPERTY", "property": name, "operation": operation_of(condition, name)}


def _counted(points: Decimal, where: Condition | None) -> Json:
    if where is None:
        return {"type": "CONSTANT", "value": number(points)}
    return _conditional(points, where, "interaction")


def _event_type(match: EventMatch) -> str:
    known: Mapping[str, str] = EVENT_TYPE_OF
    if match.event in known:
        return known[match.event]
    if match.event.startswith(FOREIGN):
        return match.event.removeprefix(FOREIGN)
    raise CannotCarry(f"HubSpot has no event for {match.event!r}")


def _last_days(days: int) -> Json:
    return {
        "operationType": "ROLLING_DATE_RANGE",
        "operator": "IS_LESS_THAN_X_DAYS_AGO",
        "numberOfDays": days,
        "requiresTimeZoneConversion": False,
        "includeObjectsWithNoValueSet": False,
    }


def _range(low: int, high: int | None, given: Decimal) -> Json:
    kind = "AT_LEAST" if high is None else "EXACTLY" if low == high else "BETWEEN"
    found: dict[str, Any] = {"type": kind, "from": low, "value": number(given)}
    return found | ({"to": high} if kind == "BETWEEN" else {})


def _spec(type_id: int) -> Json:
    return {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
