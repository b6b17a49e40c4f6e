"""HubSpot's calculators of a rule as criteria.

CONSTANT, MATCH, MULTI, CONDITIONAL, SEGMENT_MEMBERSHIP, MULTI_UE (events), ASSOCIATIONS and ASSOCIATION_UE
(roll-ups over associated records). A rule may give several criteria; they add up, as its calculators do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from rapport.engine.crm.conditions.grammar import All, AnyOf, Condition, EventMatch, FieldTest, InSegment, Not, Related
from rapport.engine.scores.points.hubspot.exchanged import CannotCarry, Json, Notes
from rapport.engine.scores.points.hubspot.names import ASSOCIATIONS, EVENTS, FOREIGN, Association, our_column
from rapport.engine.scores.points.hubspot.operations import condition_of, opposite, values_of
from rapport.engine.scores.points.spec import CountPoints, Points, ValuePoints

_NOT_SAID = "it says what a criterion cannot say here"
_ANCHORS = {"contact": "contact.email", "account": "account.name", "deal": "deal.name"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A criterion without its name: what it gives, and what for."""

    points: Points
    per: EventMatch | None = None
    when: Condition | None = None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Calculators of a score of `subject`, read as tests on the record `entity`.

    Attributes: prefix, what stands before a column in our conditions; empty for events and related records.
        segments, events: our names by HubSpot's ids.
    """

    subject: str
    notes: Notes
    segments: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    entity: str = ""
    prefix: str = ""

    def parts(self, calculator: Json) -> list[Part]:
        """What a calculator gives. What has no counterpart is left out and noted."""
        found: list[Part] = []
        kind = str(calculator.get("type"))
        readers = {
            "CONSTANT": self._constant,
            "MATCH": self._match,
            "MULTI": self._multi,
            "CONDITIONAL": self._conditional,
            "SEGMENT_MEMBERSHIP": self._segments,
            "MULTI_UE": self._events,
            "ASSOCIATIONS": self._associated,
            "ASSOCIATION_UE": self._associated_events,
        }
        if kind not in readers:
            self.notes.left_out(f"the calculator {kind} is not known")
            return []
        try:
            found.extend(readers[kind](calculator))
        except CannotCarry as why:
            self.notes.left_out(f"{kind}: {why}")
        except ValidationError:
            self.notes.left_out(f"{kind}: {_NOT_SAID}")
        return found

    def segment(self, segment_id: object) -> str:
        """The name of a segment here."""
        name = self.segments.get(str(segment_id))
        if name is None:
            name = f"{FOREIGN}{segment_id}"
            self.notes.check(f"HubSpot's segment {segment_id} is the segment {name!r} here; make it, or name another")
        return name

    def _constant(self, calculator: Json) -> Iterator[Part]:
        yield Part(points=_number(calculator["value"]), when=always(self.subject))

    def _multi(self, calculator: Json) -> Iterator[Part]:
        for inner in calculator["calculators"]:
            yield from self.parts(inner)

    def _conditional(self, calculator: Json) -> Iterator[Part]:
        yield Part(points=_number(calculator["value"]), when=self._condition(calculator["whereCondition"]))

    def _condition(self, condition: Json) -> Condition:
        if condition.get("type") == "SINGLE":
            return condition_of(self._field(condition["property"]), condition["operation"])
        if condition.get("operator", "AND") != "AND":
            raise CannotCarry("conditions joined by anything but AND are not known")
        found = joined([self._condition(inner) for inner in condition["conditions"]])
        if found is None:
            raise CannotCarry("a condition without parts says nothing")
        return found

    def _field(self, name: str) -> str:
        return self.prefix + our_column(self.entity, str(name))

    def _match(self, calculator: Json) -> Iterator[Part]:
        rules = [(values_of(rule["operation"]), rule) for rule in calculator["matchRules"]]
        default = _number(calculator.get("defaultValue") or 0)
        path = self._field(calculator["property"])
        known = [values for values, _ in rules if values is not None]
        listed = [value.casefold() for values in known for value in values]
        if self.prefix and len(known) == len(rules) and rules and len(set(listed)) == len(listed):
            points = {value: _number(rule["value"]) for values, rule in rules for value in values or ()}
            yield Part(points=ValuePoints(value=path, map=points, otherwise=default))
            return
        yield from self._matched(path, [rule for _, rule in rules], default)

    def _matched(self, path: str, rules: Sequence[Json], default: Decimal) -> Iterator[Part]:
        conditions = [condition_of(path, rule["operation"]) for rule in rules]
        if len(rules) > 1:
            self.notes.changed(f"each test of {path} is a criterion of its own; where two are true, both count")
        for condition, rule in zip(conditions, rules, strict=True):
            yield Part(points=_number(rule["value"]), when=condition)
        if default:
            none_of_them = joined([opposite(condition) for condition in conditions])
            yield Part(points=default, when=none_of_them or always(self.subject))

    def _segments(self, calculator: Json) -> Iterator[Part]:
        if self.prefix != f"{self.subject}.":
            raise CannotCarry(f"a segment of what a {self.subject} is linked with is not asked for here")
        for rule in calculator["segmentMembershipRules"]:
            members = tuple(InSegment(segment=self.segment(one)) for one in rule["segmentIds"])
            if not members:
                raise CannotCarry("a rule without segments says nothing")
            every = rule["operation"] == "HAS_ALL_SEGMENT_MEMBERSHIP"
            joined: Condition = members[0]
            if len(members) > 1:
                joined = All(all=members) if every else AnyOf(any=members)
            if rule["operation"] == "HAS_NO_SEGMENT_MEMBERSHIP":
                joined = Not(not_=joined)
            yield Part(points=_number(rule["value"]), when=joined)

    def _events(self, calculator: Json) -> Iterator[Part]:
        for entry in calculator["eventCalculators"]:
            try:
                yield from self._event(entry)
            except CannotCarry as why:
                self.notes.left_out(f"event {entry.get('eventTypeId')}: {why}")
            except ValidationError:
                self.notes.left_out(f"event {entry.get('eventTypeId')}: {_NOT_SAID}")

    def _event(self, entry: Json) -> Iterator[Part]:
        match = EventMatch(event=self._event_name(entry), within_days=_days(entry.get("eventTimeframe")))
        inner = replace(self, entity="interaction", prefix="")
        counted = [_only_events(part) for part in inner.parts(entry["recordCalculation"])]
        frequency = entry.get("eventFrequencyCriteria")
        for points, where in counted:
            wanted = EventMatch(event=match.event, where=where, within_days=match.within_days)
            if frequency:
                yield Part(points=CountPoints(count=wanted, ranges=_ranges(frequency)))
            else:
                yield Part(points=points, per=wanted)

    def _event_name(self, entry: Json) -> str:
        event_type = str(entry["eventTypeId"])
        name = self.events.get(event_type) or EVENTS.get(event_type)
        if name is None:
            name = f"{FOREIGN}{event_type}"
            self.notes.check(
                f"HubSpot's event {event_type} is the interaction type {name!r} here; name another if it is"
            )
        return name

    def _associated(self, calculator: Json) -> Iterator[Part]:
        link = self._link(calculator)
        prefix = "" if link.related else f"{link.entity}."
        inner = replace(self, entity=link.entity, prefix=prefix)
        filters = [
            inner._filter(one) for one in (calculator.get("associationFilters") or {}).get("propertyFilters", ())
        ]
        for part in inner.parts(calculator["recordCalculation"]):
            yield _rolled_up(part, link, filters, calculator["rollupType"], always(self.subject))

    def _filter(self, one: Json) -> Condition:
        return condition_of(self._field(one["property"]), one["operation"])

    def _associated_events(self, calculator: Json) -> Iterator[Part]:
        summed = calculator.get("rollupType") == "SUM" and not (calculator.get("associationFilters") or {}).get(
            "propertyFilters"
        )
        inner = calculator["recordCalculation"]
        frequent = any(entry.get("eventFrequencyCriteria") for entry in inner["eventCalculators"])
        if self.subject != "account" or calculator.get("associatedObjectTypeId") != "0-1" or not summed or frequent:
            raise CannotCarry("only the sum over a company's contacts is counted here, as the company's own events")
        yield from self._events(inner)

    def _link(self, calculator: Json) -> Association:
        wanted = calculator.get("associatedObjectTypeId")
        link = next((a for a in ASSOCIATIONS[self.subject] if a.object_type == wanted), None)
        if link is None:
            raise CannotCarry(f"a {self.subject} is not linked with objects of type {wanted}")
        return link


def always(subject: str) -> Condition:
    """A condition that is true of every subject."""
    anchor = _ANCHORS[subject]
    return AnyOf(any=(FieldTest(field=anchor, present=True), FieldTest(field=anchor, present=False)))


def joined(conditions: Sequence[Condition]) -> Condition | None:
    """All of them, without alls in alls; None for none."""
    parts = tuple(part for one in conditions for part in (one.all if isinstance(one, All) else (one,)))
    if len(parts) < 2:
        return parts[0] if parts else None
    return All(all=parts)


def _rolled_up(part: Part, link: Association, filters: Sequence[Condition], rollup: str, every: Condition) -> Part:
    constant = part.when == every
    tests = [*filters, *([part.when] if part.when is not None and not constant else [])]
    if link.related is None:
        if isinstance(part.points, ValuePoints):
            if filters:
                return replace(part, when=joined(filters))
            return part
        anchor = FieldTest(field=f"{link.entity}.created_at", present=True)
        return replace(part, when=joined(tests) or anchor)
    if not isinstance(part.points, Decimal):
        raise CannotCarry("values of many associated records are not mapped to points here")
    one_counts = (rollup == "MAX" and part.points >= 0) or (rollup == "MIN" and part.points <= 0)
    if not one_counts and not (constant and rollup in ("AVG", "MAX", "MIN")):
        raise CannotCarry(f"{rollup} of points over many associated records has no counterpart")
    return replace(part, when=Related.model_validate({"related": link.related, "where": joined(tests)}))


def _only_events(part: Part) -> tuple[Decimal, Condition | None]:
    """Points for each event, and which events count."""
    if not isinstance(part.points, Decimal):
        raise CannotCarry("values of an event's fields are not mapped to points here")
    for subject in _ANCHORS:
        if part.when == always(subject):
            return part.points, None
    return part.points, part.when


def _ranges(frequency: Json) -> tuple[tuple[int, int | None, Decimal], ...]:
    found = []
    for one in frequency["ranges"]:
        low, high = int(one["from"]), one.get("to")
        end = {"AT_LEAST": None, "EXACTLY": low}.get(one["type"], int(high) if high is not None else None)
        found.append((low, end, _number(one["value"])))
    return tuple(found)


def _days(timeframe: Json | None) -> int | None:
    if not timeframe:
        return None
    operation = timeframe["eventFilterOperation"]
    kind, operator = operation.get("operationType"), operation.get("operator")
    if (kind, operator) == ("ROLLING_DATE_RANGE", "IS_LESS_THAN_X_DAYS_AGO"):
        return int(operation["numberOfDays"])
    raise CannotCarry(f"the time frame {kind} {operator} has no counterpart")


def _number(value: Any) -> Decimal:
    return Decimal(str(value))
