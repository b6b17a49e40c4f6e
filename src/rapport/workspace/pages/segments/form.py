"""A segment's document as the fields of a form: who they are, what they did, how they score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rapport.engine.crm.conditions.named_lists import named_lists
from rapport.engine.crm.events import ANY, INTERACTION_TYPES
from rapport.engine.crm.events import DERIVED as DERIVED_EVENTS
from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition_text import read_yaml
from rapport.engine.scores.definition_writing import write_yaml
from rapport.engine.scores.rfm.segments import SEGMENTS
from rapport.workspace.pages.scores.form import changes
from rapport.workspace.pages.scores.form.changes import place_of
from rapport.workspace.pages.scores.form.shown import TEST_WORDS, Event, Form, Tests, event_of, form_of, tests_of
from rapport.workspace.pages.scores.form.values import number_or_text, plain, shown
from rapport.workspace.scores.definitions import live_definitions, readable

Labels = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class DidLine:
    """Something that happened. times: how often at least; 0: it did not."""

    place: str
    event: Event
    times: str

    happened = {"1": "did", "0": "did not"}

    @property
    def happens(self) -> str:
        return "0" if self.times == "0" else "1"


@dataclass(frozen=True, kw_only=True)
class ScoreLine:
    """A score and the bands (or cells) asked for; `known` are those it has. rest: what only the text shows."""

    place: str
    score: str
    key: str
    chosen: str
    known: Sequence[str]
    rest: str


@dataclass(frozen=True, kw_only=True)
class SegmentForm:
    """All of it; `base` lends the fields and events that tests may name."""

    subject: str
    when: Tests
    did: Sequence[DidLine]
    scores: Sequence[ScoreLine]
    score_names: Mapping[str, str]
    base: Form

    test_words = TEST_WORDS
    events = (ANY, *INTERACTION_TYPES, *DERIVED_EVENTS)
    lists = named_lists()

    @property
    def fields(self) -> Sequence[str]:
        return self.base.fields

    @property
    def event_fields(self) -> Sequence[str]:
        return self.base.event_fields

    @property
    def first_field(self) -> str:
        """What a new test begins with."""
        return {"contact": "contact.country", "account": "account.industry"}.get(self.subject, "deal.stage")


def segment_form(document: Mapping[str, Any]) -> SegmentForm:
    """The form of a document as read, however unfinished it is."""
    subject = shown(document.get("subject"))
    return SegmentForm(
        subject=subject,
        when=tests_of(document.get("when"), ("when",)),
        did=list(_did(document.get("did"))),
        scores=list(_scores(document.get("scores"))),
        score_names={v.name or "": v.label for v in live_definitions() if v.subject == subject},
        base=form_of(document),
    )


def changed(text: str, *, change: str, place: str, value: str) -> str:
    """The document with one change. Raises: DefinitionError as `scores.form.changes.changed`."""
    if change not in _OWN:
        return changes.changed(text, change=change, place=place, value=value)
    document = plain(read_yaml(text))
    try:
        _OWN[change](document, place.split("/"), value)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise DefinitionError("There is no such place in the segment.", where=place, received=change) from error
    return write_yaml({key: held for key, held in document.items() if held not in ([], {}, None)})


def labels_of(score: str) -> tuple[str, Sequence[str]]:
    """Which key tells a live score's groups, and its labels: named segments of an RFM score, else bands."""
    version = next((v for v in live_definitions() if v.name == score), None)
    if version is None:
        return "bands", ()
    if version.kind == "rfm":
        return "cells", list(SEGMENTS)
    definition = readable(version)
    return "bands", [band.label for band in definition.bands] if definition else []


def _did(held: Any) -> Iterator[DidLine]:
    for position, one in enumerate(held if isinstance(held, list | tuple) else ()):
        if isinstance(one, Mapping):
            path = ("did", position)
            yield DidLine(place=place_of(*path), event=event_of(one, path), times=shown(one.get("times", 1)))


def _scores(held: Any) -> Iterator[ScoreLine]:
    for position, one in enumerate(held if isinstance(held, list | tuple) else ()):
        if not isinstance(one, Mapping):
            continue
        key, known = labels_of(shown(one.get("score")))
        chosen = one.get(key) or ()
        rest = {k: v for k, v in one.items() if k not in ("score", key)}
        yield ScoreLine(
            place=place_of("scores", position),
            score=shown(one.get("score")),
            key=key,
            chosen=", ".join(map(shown, chosen)) if isinstance(chosen, list | tuple) else shown(chosen),
            known=known,
            rest=write_yaml(rest).strip() if rest else "",
        )


def _add_did(document: Any, path: list[str], value: str) -> None:
    document.setdefault("did", []).append({"event": value or "page_view", "within_days": Decimal(30)})


def _add_score(document: Any, path: list[str], value: str) -> None:
    key, known = labels_of(value)
    document.setdefault("scores", []).append({"score": value, key: list(known[:1])})


def _labels(document: Any, path: list[str], value: str) -> None:
    """Bands or cells by comma."""
    held = document[path[0]][int(path[1])]
    held[path[2]] = [part.strip() for part in value.split(",") if part.strip()]


def _drop(document: Any, path: list[str], value: str) -> None:
    document[path[0]].pop(int(path[1]))


def _times(document: Any, path: list[str], value: str) -> None:
    document[path[0]][int(path[1])]["times"] = number_or_text(value.strip() or "1")


_OWN: Mapping[str, Callable[[Any, list[str], str], None]] = {
    "times": _times,
    "add_did": _add_did,
    "add_score": _add_score,
    "labels": _labels,
    "drop": _drop,
}
