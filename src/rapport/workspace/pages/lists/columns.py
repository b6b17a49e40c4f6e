"""What a list can show, sort and filter by: columns declared once per list, and one for every live score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Expression, F, Model, QuerySet

from rapport.workspace.lib.sort_key import SortKey
from rapport.workspace.scores.models import ScoreDefinition, State

SCORE_PREFIX = "score."


class Kind(StrEnum):
    """How a column's values are compared and written."""

    NAME = "name"
    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    MONEY = "money"
    FRACTION = "fraction"
    DATE = "date"
    INSTANT = "instant"
    PERSON = "person"
    RECORD = "record"
    SCORE = "score"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. name: in addresses; path: the model's field (default: the name).

    needs: further fields to read for it. choices: of a choice; empty where they are free text.
    chip: shown as one, as it says where a record stands.
    score: the score's name, for a score column. sortable: an index serves its order.
    """

    name: str
    label: str
    kind: Kind
    path: str = ""
    sortable: bool = False
    needs: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    link: str = ""
    chip: bool = False
    score: str = ""

    @property
    def field(self) -> str:
        return self.path or self.name

    @property
    def numeric(self) -> bool:
        return self.kind in (Kind.NUMBER, Kind.MONEY, Kind.FRACTION)

    @property
    def key(self) -> Expression | F:
        """What rows are sorted by: an indexed expression."""
        return SortKey(F(self.field)) if self.kind in (Kind.NAME, Kind.TEXT) else F(self.field)


@dataclass(frozen=True, kw_only=True)
class ListSpec:
    """One list. page: its name in addresses and saved views; subject: the scores' word for a row.

    search: text fields a typed prefix is looked for in. sort: default order, `-` for descending; `score` for the
    first live score, where there is one. detail: the address name of a record's page.
    """

    page: str
    model: type[Model]
    subject: str
    one: str
    many: str
    icon: str
    columns: Sequence[Column]
    shown: Sequence[str]
    search: Sequence[str]
    sort: str = "-created_at"
    detail: str = ""
    template: str = "lists/list.html"

    @property
    def none(self) -> str:
        return f"No {self.many.lower()} yet"


def score_columns(subject: str) -> list[Column]:
    """A column for every live score of a kind of record, by name."""
    return [
        Column(
            name=f"{SCORE_PREFIX}{version.name}",
            label=version.label,
            kind=Kind.SCORE,
            score=version.name or "",
            sortable=True,
        )
        for version in live_of(subject)
    ]


def live_of(subject: str) -> QuerySet[ScoreDefinition]:
    """The live scores of a kind of record, by name, without their documents and reports: a list asks each time."""
    found = ScoreDefinition.objects.filter(state=State.PUBLISHED, subject=subject).order_by("name")
    return found.only("name", "title", "version", "subject")
