"""What a segment says. All that is said must hold.

subject: contact
when: {all: [{field: account.industry, is: retail}, {field: account.employees, at_least: 50}]}
did: [{event: page_view, where: {field: url_path, starts_with: /pricing}, within_days: 30, times: 2}]
scores: [{score: lead_score, bands: [A, B]}]
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Self

from pydantic import Field, model_validator

from rapport.engine.crm.closed import Closed, Number, validated
from rapport.engine.crm.conditions.grammar import Condition, EventMatch, InSegment, walk
from rapport.engine.crm.conditions.words import condition_words, event_words, value_words
from rapport.engine.scores.definition_base import Subject
from rapport.engine.scores.definition_text import read_yaml
from rapport.engine.scores.points.spec import PointsDefinition

HOLDS = "holds"


class Did(EventMatch):
    """Something that happened, in the last days, where tests on its own fields hold; so many times at least.

    `times: 0` says that it did not happen.
    """

    times: int = Field(default=1, ge=0, le=1_000_000)

    @property
    def match(self) -> EventMatch:
        return EventMatch(event=self.event, where=self.where, within_days=self.within_days)

    @property
    def words(self) -> str:
        often = f" at least {self.times} times" if self.times > 1 else ""
        since = f" in the last {self.within_days} days" if self.within_days else "" if self.times else " ever"
        return f"{'' if self.times else 'no '}{event_words(self.match)}{often}{since}"


class Scored(Closed):
    """The newest value of a score: its band, its matrix cell or named segment (`cells`), or its value.

    Several of them must all hold. Whoever has no value is not in.
    """

    score: str = Field(min_length=1, max_length=80)
    bands: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    at_least: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.bands and not self.cells and self.at_least is None and self.below is None:
            raise ValueError("A score is told by bands, cells, at_least or below.")
        return self

    @property
    def words(self) -> str:
        parts = []
        if self.bands:
            parts.append(f"in {', '.join(self.bands)}")
        if self.cells:
            parts.append(", ".join(self.cells).replace("_", " "))
        if self.at_least is not None:
            parts.append(f"at least {value_words(self.at_least)}")
        if self.below is not None:
            parts.append(f"below {value_words(self.below)}")
        return f"{self.score.replace('_', ' ')}: {' and '.join(parts)}"


class SegmentDefinition(Closed):
    """Who is in a segment.

    Attributes:
        when: a condition on the subject; did: what happened; scores: how it scores. All of them must hold.
    """

    subject: Subject
    when: Condition | None = None
    did: tuple[Did, ...] = ()
    scores: tuple[Scored, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.when is None and not self.did and not self.scores:
            raise ValueError("A segment says who is in it: by when, did or scores.")
        if self.when is not None or self.did:
            self.rules()  # whatever cannot be read is refused when it is written
        return self

    @property
    def words(self) -> str:
        """The definition as people read it."""
        parts = [condition_words(self.when)] if self.when is not None else []
        parts += [one.words for one in self.did]
        parts += [one.words for one in self.scores]
        return "; ".join(parts)

    @property
    def segments(self) -> tuple[str, ...]:
        """Other segments that it names."""
        return tuple(dict.fromkeys(part.segment for part in walk(self.when) if isinstance(part, InSegment)))

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that it tests: these tell it from the rest by definition."""
        return tuple(dict.fromkeys(part.field for part in walk(self.when) if hasattr(part, "field")))

    def rules(self) -> PointsDefinition | None:
        """`when` and `did` as points, one for each that holds; None where the definition has neither."""
        criteria = list(self._criteria())
        if not criteria:
            return None
        document = {
            "name": "segment",
            "subject": self.subject,
            "kind": "points",
            "range": (0, len(criteria)),
            "bands": ({"label": HOLDS, "from": Decimal(len(criteria))}, {"label": "not", "from": Decimal(0)}),
            "groups": {"rules": {"type": "fit", "criteria": criteria}},
        }
        return PointsDefinition.model_validate(document)

    def _criteria(self) -> Iterator[dict[str, Any]]:
        if self.when is not None:
            yield {"name": "when", "points": Decimal(1), "when": self.when}
        for position, one in enumerate(self.did):
            often = (one.times, None if one.times else 0, Decimal(1))
            yield {"name": f"did {position}", "points": {"count": one.match, "ranges": [often]}}


def parse_segment(text: str) -> SegmentDefinition:
    """The definition that a YAML text states. Raises: DefinitionError for the first thing that is wrong."""
    return segment_of(read_yaml(text))


def segment_of(document: object) -> SegmentDefinition:
    """The definition that a dictionary (a form, JSON) states. Raises: DefinitionError."""
    return validated(SegmentDefinition, document, what="")
