"""What an exchange gives: the result, and a note for everything that is not the same on the other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rapport.engine.scores.points.spec import PointsDefinition

Json = Mapping[str, Any]


class Carried(StrEnum):
    """LEFT_OUT: not there on the other side. CHANGED: there, with another meaning. CHECK: there, if a name is right."""

    LEFT_OUT = "left_out"
    CHANGED = "changed"
    CHECK = "check"


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing that is not carried as it is.

    Attributes: where, the group and rule or criterion; what, a sentence.
    """

    carried: Carried
    where: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A HubSpot score as a definition. `notes`: what is not the same; empty where nothing is lost."""

    definition: PointsDefinition
    notes: Sequence[Note]


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A definition as the JSON of a HubSpot draft. `notes` as of `Imported`."""

    document: Json
    notes: Sequence[Note]


@dataclass
class Notes:
    """Notes as they come; `where` is set while a part is carried."""

    where: str = ""
    found: list[Note] = field(default_factory=list)

    def left_out(self, what: str) -> None:
        self._add(Carried.LEFT_OUT, what)

    def changed(self, what: str) -> None:
        self._add(Carried.CHANGED, what)

    def check(self, what: str) -> None:
        self._add(Carried.CHECK, what)

    def _add(self, carried: Carried, what: str) -> None:
        note = Note(carried=carried, where=self.where, what=what)
        if note not in self.found:
            self.found.append(note)


class CannotCarry(Exception):
    """A part has no counterpart; the text says why. Caught where the part is left out and noted."""
