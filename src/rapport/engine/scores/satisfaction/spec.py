"""What a satisfaction score is: answers to a survey, or measures that stand in for them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from rapport.engine.crm.closed import Closed, Number
from rapport.engine.crm.conditions.checks import check_condition, check_event
from rapport.engine.crm.conditions.fields import Nature, subject_field
from rapport.engine.crm.conditions.grammar import Condition, EventMatch, Related
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.overrides import MeasureOverride

SCALES: Mapping[str, tuple[tuple[int, int], ...]] = {
    "nps": ((0, 10), (1, 10)),
    "csat": ((1, 5), (1, 10), (1, 7), (0, 1)),
    "ces": ((1, 7), (1, 5)),
}
DETRACTOR_UP_TO, PROMOTER_FROM = 6, 9
WEIGHT_PLACES = 2
Days = Annotated[int, Field(ge=1, le=36_500)]


class Survey(Closed):
    """Answers to one question on one scale.

        nps   100 x (promoters 9-10 - detractors up to 6) / answers, -100 to 100
        csat  100 x answers in the two best boxes (of good and bad: good) / answers, 0 to 100
        ces   mean answer; higher is easier

    Attributes:
        scale: lowest and highest possible answer; answers given on another one are never mixed in. An answer whose
            scale is not known counts as given on the usual one, the first of `SCALES`.
        surveys: only these surveys or waves; none named: all.
        within_days: answers of today and the n - 1 local days before; None for ever.
        answers: `latest`, the newest of each person; `all` of them.
        fewest: with fewer answers there is no value.
    """

    ask: Literal["nps", "csat", "ces"]
    scale: tuple[int, int] | None = None
    surveys: tuple[str, ...] = ()
    within_days: Days | None = None
    answers: Literal["latest", "all"] = "latest"
    fewest: Annotated[int, Field(ge=1, le=100_000)] = 1

    @model_validator(mode="after")
    def _known_scale(self) -> Self:
        if self.ends not in SCALES[self.ask]:
            known = ", ".join(f"[{low}, {high}]" for low, high in SCALES[self.ask])
            raise ValueError(f"The scale of {self.ask} is one of {known}.")
        return self

    @property
    def ends(self) -> tuple[int, int]:
        return self.scale or SCALES[self.ask][0]

    @property
    def is_usual(self) -> bool:
        return self.ends == SCALES[self.ask][0]

    @property
    def satisfied_from(self) -> int:
        """The lowest answer of the two best boxes; of two boxes, the better one."""
        low, high = self.ends
        return high if high - low == 1 else high - 1

    @property
    def value_range(self) -> tuple[int, int]:
        return {"nps": (-100, 100), "csat": (0, 100), "ces": self.ends}[self.ask]


class RelatedMeasure(Closed):
    """A count or sum over the subject's related records. Attributes: where, of: as in conditions on related records."""

    table: Literal["cases", "deals", "orders"]
    where: Condition | None = None
    sum: str | None = None

    def of_subject(self, subject: str) -> Related:
        """The same as the part of a condition that reads these records."""
        bound = {"measure": "sum", "of": self.sum} if self.sum else {"measure": "count"}
        return Related.model_validate(
            {"related": f"{subject}.{self.table}", "where": self.where, **bound, "at_least": Decimal(0)}
        )


class Measure(Closed):
    """One thing that tells how well it goes.

    Attributes:
        weight: its share beside the other measures (of its group); at most 2 decimal places.
        count: how often an event happened. days_since: local days since it last did; unknown if never.
        field: a number on the record, `account.seats_used`. answer: the value of a survey. related: a count or sum.
        levels: [[0, 0], [1, 50], [5, 100]]: from 0 on 0 %, from 1 on 50 %, from 5 on 100 %; lower bounds are
            included, what lies below the lowest gets the lowest's percent.
        missing: without the measure the others are weighed again (skip), or it counts as 0 % or as 50 %.
    """

    name: str = Field(min_length=1, max_length=80)
    group: str | None = None
    weight: Annotated[Number, Field(gt=0, le=10_000)] = Decimal(1)
    count: EventMatch | None = None
    days_since: EventMatch | None = None
    field: str | None = None
    answer: Survey | None = None
    related: RelatedMeasure | None = None
    levels: Annotated[tuple[tuple[Number, Number], ...], Field(min_length=1, max_length=20)]
    missing: Literal["skip", "zero", "neutral"] = "skip"

    @field_validator("weight")
    @classmethod
    def _plain(cls, weight: Decimal) -> Decimal:
        exponent = weight.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -WEIGHT_PLACES:
            raise ValueError("A weight has at most 2 decimal places.")
        return weight

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = (self.count, self.days_since, self.field, self.answer, self.related)
        if sum(source is not None for source in sources) != 1:
            raise ValueError("A measure takes one of count, days_since, field, answer and related.")
        bounds = [bound for bound, _ in self.levels]
        if bounds != sorted(set(bounds)):
            raise ValueError("levels: each lower bound is above the one before.")
        if any(not 0 <= percent <= 100 for _, percent in self.levels):
            raise ValueError("levels: percent lies between 0 and 100.")
        return self

    @property
    def event(self) -> EventMatch | None:
        return self.count or self.days_since


class SatisfactionDefinition(ScoreDefinition):
    """How satisfied a contact or an account is: by its answers (`survey`), or by measures (`measures`).

    With measures: the weighted mean of their percent, 0 to 100, then exceptions. With `groups` the mean of
    each group is taken first, then the weighted mean of the groups that are known.

    Attributes:
        groups: weight by group; None puts all measures side by side.
        check_against: a survey that shows whether the measures rank people as their answers do; where there is an
            answer and a value for both. It changes no value.
    """

    kind: Literal["satisfaction"] = "satisfaction"
    subject: Literal["contact", "account"]
    matrix: None = None
    survey: Survey | None = None
    measures: tuple[Measure, ...] = Field(default=(), max_length=40)
    groups: dict[str, Annotated[Number, Field(gt=0, le=10_000)]] | None = None
    exceptions: tuple[MeasureOverride, ...] = Field(default=(), max_length=30)
    check_against: Survey | None = None

    @model_validator(mode="before")
    @classmethod
    def _usual_range(cls, document: Any) -> Any:
        if not isinstance(document, Mapping) or "range" in document:
            return document
        asked = document.get("survey")
        if not isinstance(asked, Mapping):
            return {**document, "range": [0, 100]}
        usual = SCALES.get(str(asked.get("ask")), ((0, 100),))[0]
        ends = {"nps": [-100, 100], "csat": [0, 100]}.get(str(asked.get("ask")), asked.get("scale") or list(usual))
        return {**document, "range": ends}

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.survey is None) == (not self.measures):
            raise ValueError("A satisfaction score takes a survey or measures.")
        if self.survey is not None and (self.groups or self.exceptions or self.check_against):
            raise ValueError("groups, exceptions and check_against go with measures.")
        low, high = self.survey.value_range if self.survey else (0, 100)
        if self.range.min != low or self.range.max != high:
            raise ValueError(f"Its range is [{low}, {high}].")
        return self

    @model_validator(mode="after")
    def _measures_fit(self) -> Self:
        names = [measure.name for measure in self.measures]
        if len(set(names)) < len(names):
            raise ValueError("Each measure has a name of its own.")
        for measure in self.measures:
            if self.groups is not None and measure.group not in self.groups:
                raise ValueError(f"{measure.name!r} needs a group: {', '.join(self.groups)}.")
            if measure.answer and self.check_against and measure.answer.ask == self.check_against.ask:
                raise ValueError(f"{measure.name!r} is an answer to the survey that is to check the measures.")
        for exception in self.exceptions:
            if exception.measure is not None and exception.measure not in names:
                raise ValueError(f"{exception.measure!r} is not among the measures: {', '.join(names)}.")
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for measure in self.measures:
            if measure.event is not None:
                check_event(measure.event)
            if measure.field is not None:
                _check_number(measure.field, self.subject)
            if measure.related is not None:
                check_condition(measure.related.of_subject(self.subject), subject=self.subject)
        for exception in self.exceptions:
            check_condition(exception.when, subject=self.subject)
        return self

    def measure(self, name: str) -> int:
        """The position of a measure."""
        return [measure.name for measure in self.measures].index(name)


def _check_number(path: str, subject: str) -> None:
    if subject_field(path, subject=subject).nature not in (Nature.NUMBER, Nature.PROPERTY):
        raise ValueError(f"{path} is no number.")
