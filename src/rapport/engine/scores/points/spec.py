"""What a points score says: groups of criteria, each giving points, with decay and limits.

The exact meaning is in README.md beside this file; `micro.py` and `expression.py` carry it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from rapport.engine.crm.closed import TAG, Closed, Number
from rapport.engine.crm.conditions.checks import check_condition, check_event, check_map
from rapport.engine.crm.conditions.grammar import Condition, EventMatch, No, Related, walk
from rapport.engine.crm.events import EVENTS_WITHOUT_DEALS
from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition_base import ScoreDefinition

MOST_CAPPED = 10**8


class Decay(Closed):
    """How points fade with age: `{half_life_days: 30}` or `{per_days: 30, percent: 50, shape: compound}`.

    half-life: 2^(-age / half_life); compound: (1 - percent/100)^(age / per_days), continuous;
    linear: max(0, 1 - percent/100 x age / per_days). The weight of age 0 is 1.
    """

    half_life_days: Number | None = Field(default=None, gt=0)
    per_days: Number | None = Field(default=None, gt=0)
    percent: Number | None = Field(default=None, ge=0, le=100)
    shape: Literal["linear", "compound"] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        other = (self.per_days, self.percent, self.shape)
        if self.half_life_days is not None and any(part is not None for part in other):
            raise ValueError("Decay takes half_life_days, or per_days with percent and shape, not both.")
        if self.half_life_days is None and any(part is None for part in other):
            raise ValueError("Decay takes half_life_days, or all of per_days, percent and shape.")
        return self


class Limit(Closed):
    """Bounds of a sum; null leaves a side open."""

    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("limit: min comes before max.")
        return self


class AtMost(Closed):
    """How many occurrences count in a window: ISO weeks for 7 days, else floor(days since 1970-01-01 / per_days)."""

    times: Annotated[int, Field(ge=1, le=10_000)]
    per_days: Annotated[int, Field(ge=1, le=36_500)]


class ValuePoints(Closed):
    """Points by the value of a field; `otherwise` for known values outside the map, nothing for unknown ones."""

    value: str = Field(min_length=1)
    map: dict[str, Number] = Field(min_length=1)
    otherwise: Number = Decimal(0)


CountRange = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)] | None, Number]


class CountPoints(Closed):
    """Points by how often something happened: ranges [from, to, points], both ends included, null for no end."""

    count: EventMatch
    ranges: tuple[CountRange, ...] = Field(min_length=1)

    @field_validator("ranges")
    @classmethod
    def _apart(cls, ranges: tuple[CountRange, ...]) -> tuple[CountRange, ...]:
        ordered = tuple(sorted(ranges, key=lambda r: r[0]))
        for low, high, _ in ordered:
            if high is not None and low > high:
                raise ValueError("ranges: the lower end comes first.")
        for before, after in pairwise(ordered):
            if before[1] is None or before[1] >= after[0]:
                raise ValueError(f"ranges: {list(before[:2])} and {list(after[:2])} overlap.")
        return ordered


def _form_of_points(value: Any) -> str:
    if isinstance(value, ValuePoints) or (isinstance(value, Mapping) and ("value" in value or "map" in value)):
        return TAG + "value"
    if isinstance(value, CountPoints | Mapping):
        return TAG + "count"
    return TAG + "number"


Points = Annotated[
    Annotated[Number, Tag(TAG + "number")]
    | Annotated[ValuePoints, Tag(TAG + "value")]
    | Annotated[CountPoints, Tag(TAG + "count")],
    Discriminator(_form_of_points),
]


class Criterion(Closed):
    """One reason for points.

    Attributes:
        points: a number (with per, once or when), by value, or by count.
        per: for each occurrence, each decaying by its own age; `at_most` bounds how many count.
        once: if there is an occurrence, decaying by the age of the latest.
        when: only where this is true of the subject; alone, or beside any other form.
        decay: replaces the group's.
        limit: bounds of what this criterion gives.
    """

    name: str = Field(min_length=1, max_length=120)
    points: Points
    per: EventMatch | None = None
    once: EventMatch | None = None
    when: Condition | None = None
    at_most: AtMost | None = None
    decay: Decay | None = None
    limit: Limit | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        number = isinstance(self.points, Decimal)
        if self.per is not None and self.once is not None:
            raise ValueError("A criterion takes per or once, not both.")
        if not number and (self.per is not None or self.once is not None):
            raise ValueError("per and once take points that are a number.")
        if number and self.per is None and self.once is None and self.when is None:
            raise ValueError("Points that are a number need one of per, once or when.")
        if self.at_most is not None and self.per is None:
            raise ValueError("at_most goes with per.")
        if self.at_most is not None and isinstance(self.points, Decimal) and abs(self.points) > MOST_CAPPED:
            raise ValueError("Points with at_most lie between -10^8 and 10^8.")
        if self.decay is not None and self.per is None and self.once is None:
            raise ValueError("Only per and once decay.")
        return self

    @property
    def event(self) -> EventMatch | None:
        """What is looked for, by per, once or count."""
        return self.points.count if isinstance(self.points, CountPoints) else self.per or self.once

    @property
    def events(self) -> Iterator[EventMatch]:
        """Every event that is looked for, those of `no` too."""
        if self.event is not None:
            yield self.event
        yield from (part.no for part in walk(self.when) if isinstance(part, No))


class Group(Closed):
    """Criteria of one kind: `fit` (who they are) or `engagement` (what they do)."""

    type: Literal["fit", "engagement"]
    limit: Limit | None = None
    decay: Decay | None = None
    criteria: tuple[Criterion, ...] = Field(min_length=1)


class Limits(Closed):
    """Bounds of the two subtotals and of their sum."""

    fit: Limit | None = None
    engagement: Limit | None = None
    total: Limit | None = None


class PointsDefinition(ScoreDefinition):
    """A points score: criterion -> group -> fit and engagement -> total -> range, each with its limit.

    Attributes:
        restart: the subject begins anew with the latest such event (a lost deal, a lead that is recycled): nothing
            that happened up to that instant counts, and `no` is unknown until its days have passed since.
        stages: the buyer's journey, the earliest first: which events belong to which stage. Read by the tally
            that suggests points, not by the score; empty for the usual ones (`tally.STAGES`).
    """

    kind: Literal["points"] = "points"
    restart: EventMatch | None = None
    stages: dict[str, tuple[EventMatch, ...]] = {}
    limits: Limits = Limits()
    groups: dict[str, Group] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [criterion.name for group in self.groups.values() for criterion in group.criteria]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PydanticCustomError("names", "Each criterion has its own name.", {"received": twice[0]})
        return self

    @model_validator(mode="after")
    def _fits_the_subject(self) -> Self:
        if self.subject == "deal" and self.restart is not None and self.restart.event in EVENTS_WITHOUT_DEALS:
            raise PydanticCustomError(
                "event", "This event does not belong to a deal.", {"received": self.restart.event}
            )
        for _, criterion in self.criteria:
            for match in criterion.events:
                if self.subject == "deal" and match.event in EVENTS_WITHOUT_DEALS:
                    raise PydanticCustomError(
                        "event", "This event does not belong to a deal.", {"received": match.event}
                    )
            for part in walk(criterion.when):
                if isinstance(part, Related) and self.subject == "account" and part.related.startswith("contact."):
                    raise PydanticCustomError(
                        "related", "An account has many contacts; use account.*.", {"received": part.related}
                    )
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for match in (match for matches in self.stages.values() for match in matches):
            check_event(match)
        if self.restart is not None:
            check_event(self.restart)
        for _, criterion in self.criteria:
            try:
                check_condition(criterion.when, subject=self.subject)
                if criterion.event is not None:
                    check_event(criterion.event)
                if isinstance(criterion.points, ValuePoints):
                    check_map(criterion.points.value, list(criterion.points.map), subject=self.subject)
            except DefinitionError as wrong:
                place = f"criterion {criterion.name!r}" + (f", {wrong.where}" if wrong.where else "")
                parts = {"received": wrong.received, "allowed": wrong.allowed, "next_step": wrong.next_step}
                raise DefinitionError(wrong.what, where=place, **parts) from None  # type: ignore[arg-type]
        return self

    @property
    def criteria(self) -> Iterator[tuple[str, Criterion]]:
        """(group name, criterion), in the order written."""
        for name, group in self.groups.items():
            for criterion in group.criteria:
                yield name, criterion

    def decay_of(self, group: str, criterion: Criterion) -> Decay | None:
        """The decay that holds for a criterion; None where nothing decays."""
        if criterion.per is None and criterion.once is None:
            return None
        return criterion.decay or self.groups[group].decay
