"""What every score definition says, whatever its kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from rapport.engine.crm.closed import Closed, Number
from rapport.engine.crm.conditions.grammar import Condition, EventMatch

SUBJECTS = ("contact", "account", "deal")
Subject = Literal["contact", "account", "deal"]
NAME = r"^[a-z][a-z0-9_-]{0,79}$"


class Range(Closed):
    """The ends of a score, both included; written `[0, 100]`."""

    min: Number
    max: Number

    @model_validator(mode="before")
    @classmethod
    def _from_pair(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            if len(value) != 2:
                raise ValueError("A range has two ends, [0, 100].")
            return {"min": value[0], "max": value[1]}
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max:
            raise ValueError("The lower end of a range comes first.")
        return self

    @property
    def span(self) -> Number:
        return self.max - self.min


class Band(Closed):
    """A label from a lower bound on, inclusive."""

    label: str = Field(min_length=1, max_length=40)
    from_: Number = Field(alias="from")


def _descending(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """Highest bound first; two bands with one bound or one label are refused."""
    if len({band.from_ for band in bands}) < len(bands) or len({band.label for band in bands}) < len(bands):
        raise ValueError("Each band has its own label and its own lower bound.")
    return tuple(sorted(bands, key=lambda band: band.from_, reverse=True))


class Matrix(Closed):
    """Boundaries of the two letters of a matrix label (A1 .. C3), highest first."""

    fit: tuple[Band, ...] = Field(min_length=1)
    engagement: tuple[Band, ...] = Field(min_length=1)

    @field_validator("fit", "engagement")
    @classmethod
    def _sorted(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        return _descending(bands)


class Audience(Closed):
    """Who is scored: members of an included segment (none named: everyone) and of no excluded one."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Outcome(Closed):
    """The event that a score claims to predict, in (as_of, as_of + within_days x 24 h].

    Attributes:
        repeatable: subjects that already had the event at as_of are eligible too.
        absent: the outcome is that the event does *not* happen in the window (a customer who buys no more).
    """

    event: str = Field(min_length=1)
    within_days: Annotated[int, Field(ge=1, le=3650)]
    where: Condition | None = None
    repeatable: bool = False
    absent: bool = False

    @model_validator(mode="after")
    def _had_before(self) -> Self:
        if self.absent and not self.repeatable:
            raise ValueError("An absent event concerns those who had it before: add repeatable: true.")
        return self

    @property
    def title(self) -> str:
        """What is looked for, `order_placed` or `no order_placed`."""
        return f"no {self.event}" if self.absent else self.event

    @property
    def match(self) -> EventMatch:
        return EventMatch(event=self.event, where=self.where)


class ReadyAt(Closed):
    """Ready from `enter` on, until below `leave`. Kept by the actions room; not part of the score."""

    enter: Number
    leave: Number

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.leave > self.enter:
            raise ValueError("A subject leaves at or below the value at which it enters.")
        return self


class ScoreDefinition(Closed):
    """A score: name, subject, kind, range, bands, audience and the outcome it claims to predict.

    Attributes:
        kind: picks the model that reads the rest, a key of `definition.DEFINITION_TYPES`.
        bands, matrix: highest bound first; what lies below the lowest gets the lowest label.
        refresh: how often the full pass runs.
        refit_days: how old a fitted model may grow; kinds that learn nothing do not use it.
        time_zone: IANA zone of local days; None takes the company's. Publishing writes it in.
    """

    name: str = Field(pattern=NAME)
    title: str | None = None
    description: str | None = None
    subject: Subject
    kind: str
    range: Range
    bands: tuple[Band, ...] = ()
    matrix: Matrix | None = None
    audience: Audience = Audience()
    outcome: Outcome | None = None
    ready_at: ReadyAt | None = None
    refresh: Literal["continuous", "hourly", "daily", "weekly", "manual"] = "daily"
    refit_days: Annotated[int, Field(ge=1, le=3650)] = 30
    owner: str | None = None
    time_zone: str | None = None

    @property
    def open_ended(self) -> bool:
        """Whether values have no upper end, as amounts: a change is then judged by the value before, not the range."""
        return False

    @property
    def banded_by_rank(self) -> bool:
        """Whether bands begin at a percentile instead of a value."""
        return False

    @field_validator("bands")
    @classmethod
    def _bands_sorted(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        return _descending(bands)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise ValueError("time_zone: an IANA name such as Europe/Stockholm is expected.")
        return zone
