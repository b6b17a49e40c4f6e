"""A definition's document as the fields of a form, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapport.engine.crm.conditions.fields import DERIVED, REACHABLE
from rapport.engine.crm.conditions.grammar import TESTS
from rapport.engine.crm.conditions.named_lists import named_lists
from rapport.engine.crm.events import ANY, INTERACTION_TYPES
from rapport.engine.crm.events import DERIVED as DERIVED_EVENTS
from rapport.engine.crm.tables import BY_ENTITY
from rapport.engine.scores.definition_writing import write_yaml
from rapport.workspace.pages.scores.form.changes import FORMS, place_of
from rapport.workspace.pages.scores.form.values import shown, typed_operand

TEST_WORDS: Mapping[str, str] = {
    "is": "is",
    "in": "is one of",
    "in_list": "is in the list",
    "contains": "contains",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches the pattern",
    "between": "is between",
    "at_least": "is at least",
    "at_most": "is at most",
    "above": "is above",
    "below": "is below",
    "within_days": "within the last days",
    "older_than_days": "older than days",
    "in_next_days": "in the next days",
    "present": "is known",
}


@dataclass(frozen=True, kw_only=True)
class Test:
    """A test on a field."""

    place: str
    field: str
    test: str
    operand: str


@dataclass(frozen=True, kw_only=True)
class Tests:
    """Tests on fields, joined by all or any. text: a condition that the form cannot show, as YAML."""

    place: str
    tests: Sequence[Test] = ()
    joined: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What is looked for: an event, in the last days, where tests on its own fields hold."""

    place: str
    event: str
    within_days: str
    where: Tests


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """A criterion; what does not belong to its form is empty. `more`: parts that only the text shows, as YAML."""

    place: str
    name: str
    form: str
    points: str = ""
    points_place: str = ""
    event: Event | None = None
    ranges: Sequence[tuple[str, Sequence[str]]] = ()
    ranges_place: str = ""
    value: str = ""
    words: Sequence[tuple[str, str, str]] = ()
    otherwise: str = ""
    when: Tests | None = None
    times: str = ""
    per_days: str = ""
    most: str = ""
    half_life: str = ""
    more: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    place: str
    name: str
    type: str
    least: str
    most: str
    half_life: str
    other_decay: str
    criteria: Sequence[Criterion]


@dataclass(frozen=True, kw_only=True)
class Band:
    place: str
    label: str
    bound: str


@dataclass(frozen=True, kw_only=True)
class Form:
    """All of it. `groups` is None for kinds whose heart is edited as text."""

    title: str
    description: str
    kind: str
    subject: str
    bands: Sequence[Band]
    outcome_event: str
    outcome_days: str
    ready_enter: str
    ready_leave: str
    groups: Sequence[Group] | None

    forms = {key: words for key, (words, _) in FORMS.items()}
    test_words = TEST_WORDS
    events = (ANY, *INTERACTION_TYPES, *DERIVED_EVENTS)
    lists = named_lists()

    @property
    def fields(self) -> Sequence[str]:
        """Fields that conditions on the subject may name."""
        entities = REACHABLE.get(self.subject, ())
        own = [f"{entity}.{column}" for entity in entities for column in _columns(entity)]
        return [*own, *(f for f in DERIVED if f.partition(".")[0] in entities)]

    @property
    def event_fields(self) -> Sequence[str]:
        return _columns("interaction")


_HIDDEN = frozenset({"id", "source", "external_id", "ingested_at", "recorded_at", "recorded_at_assumed", "deleted_at"})


def _columns(entity: str) -> list[str]:
    return [c for c in BY_ENTITY[entity].columns if c not in _HIDDEN and not c.endswith("_id")]


def form_of(document: Mapping[str, Any]) -> Form:
    """The form of a document as read, however unfinished it is."""
    outcome, ready = _mapping(document.get("outcome")), _mapping(document.get("ready_at"))
    points = document.get("kind") == "points"
    return Form(
        title=shown(document.get("title")),
        description=shown(document.get("description")),
        kind=shown(document.get("kind")),
        subject=shown(document.get("subject")),
        bands=[
            Band(place=place_of("bands", i), label=shown(b.get("label")), bound=shown(b.get("from")))
            for i, b in enumerate(_list(document.get("bands")))
            if isinstance(b, Mapping)
        ],
        outcome_event=shown(outcome.get("event")),
        outcome_days=shown(outcome.get("within_days")),
        ready_enter=shown(ready.get("enter")),
        ready_leave=shown(ready.get("leave")),
        groups=list(_groups(_mapping(document.get("groups")))) if points else None,
    )


def _groups(groups: Mapping[str, Any]) -> Iterator[Group]:
    for name, held in groups.items():
        group, limit, decay = (
            _mapping(held),
            _mapping(_mapping(held).get("limit")),
            _mapping(_mapping(held).get("decay")),
        )
        yield Group(
            place=place_of("groups", name),
            name=shown(name),
            type=shown(group.get("type")),
            least=shown(limit.get("min")),
            most=shown(limit.get("max")),
            half_life=shown(decay.get("half_life_days")),
            other_decay="" if not decay or "half_life_days" in decay else write_yaml(decay).strip(),
            criteria=[
                _criterion(c, ("groups", name, "criteria", i))
                for i, c in enumerate(_list(group.get("criteria")))
                if isinstance(c, Mapping)
            ],
        )


def _criterion(held: Mapping[str, Any], path: tuple[object, ...]) -> Criterion:
    own: dict[str, Any] = {"place": place_of(*path), "name": shown(held.get("name"))}
    form = _form(held)
    points, limit, decay = held.get("points"), _mapping(held.get("limit")), _mapping(held.get("decay"))
    known = {"name", "points", "per", "once", "when", "at_most"}
    if set(limit) <= {"max"}:
        known.add("limit")
    if set(decay) <= {"half_life_days"}:
        known.add("decay")
    more = {key: value for key, value in held.items() if key not in known}
    own |= {"more": write_yaml(more).strip() if more else "", "most": shown(limit.get("max")), "form": form}
    own["half_life"] = shown(decay.get("half_life_days"))
    if form == "count":
        own |= _counted(_mapping(points), path)
    elif form == "value":
        own |= _valued(_mapping(points), path)
    else:
        own |= {"points": shown(points), "points_place": place_of(*path, "points")}
    if form in ("per", "once"):
        own["event"] = event_of(_mapping(held.get(form)), (*path, form))
        own |= {key: shown(_mapping(held.get("at_most")).get(key)) for key in ("times", "per_days")}
    if form == "no":
        own["event"] = event_of(_mapping(_mapping(held.get("when")).get("no")), (*path, "when", "no"))
    elif form == "when" or "when" in held:
        own["when"] = tests_of(held.get("when"), (*path, "when"))
    return Criterion(**own)


def _form(held: Mapping[str, Any]) -> str:
    points = held.get("points")
    if isinstance(points, Mapping):
        return "count" if "count" in points else "value"
    if "per" in held or "once" in held:
        return "per" if "per" in held else "once"
    return "no" if set(_mapping(held.get("when"))) == {"no"} else "when"


def _counted(points: Mapping[str, Any], path: tuple[object, ...]) -> dict[str, Any]:
    ranges = [
        (place_of(*path, "points", "ranges", i), [shown(part) for part in held])
        for i, held in enumerate(_list(points.get("ranges")))
        if isinstance(held, list | tuple)
    ]
    event = event_of(_mapping(points.get("count")), (*path, "points", "count"))
    return {"event": event, "ranges": ranges, "ranges_place": place_of(*path, "points", "ranges")}


def _valued(points: Mapping[str, Any], path: tuple[object, ...]) -> dict[str, Any]:
    words = [
        (place_of(*path, "points", "map", word), shown(word), shown(given))
        for word, given in _mapping(points.get("map")).items()
    ]
    own = {"value": shown(points.get("value")), "words": words, "otherwise": shown(points.get("otherwise"))}
    return {**own, "points_place": place_of(*path, "points")}


def event_of(held: Mapping[str, Any], path: tuple[object, ...]) -> Event:
    return Event(
        place=place_of(*path),
        event=shown(held.get("event")),
        within_days=shown(held.get("within_days")),
        where=tests_of(held.get("where"), (*path, "where")),
    )


def tests_of(held: Any, path: tuple[object, ...]) -> Tests:
    """One test, or several joined once; anything deeper is left to the text."""
    place = place_of(*path)
    if not held:
        return Tests(place=place)
    condition = _mapping(held)
    for joined in ("all", "any"):
        parts = condition.get(joined)
        if isinstance(parts, list | tuple) and all(_is_test(part) for part in parts):
            tests = [_test(part, (*path, joined, i)) for i, part in enumerate(parts)]
            return Tests(place=place, tests=tests, joined=joined)
    if _is_test(condition):
        return Tests(place=place, tests=[_test(condition, path)], joined="all")
    return Tests(place=place, text=write_yaml(condition).strip() if condition else shown(held))


def _is_test(held: Any) -> bool:
    return (
        isinstance(held, Mapping) and "field" in held and len([t for t in TESTS if t in held]) == 1 and len(held) == 2
    )


def _test(held: Mapping[str, Any], path: tuple[object, ...]) -> Test:
    test = next(t for t in TESTS if t in held)
    return Test(place=place_of(*path), field=shown(held["field"]), test=test, operand=typed_operand(test, held[test]))


def _mapping(held: Any) -> Mapping[str, Any]:
    return held if isinstance(held, Mapping) else {}


def _list(held: Any) -> Sequence[Any]:
    return held if isinstance(held, list | tuple) else ()
