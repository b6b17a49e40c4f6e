"""What a condition may say. The grammar is closed: no code, no SQL.

    {all: [...]}  {any: [...]}  {not: ...}
    {field: contact.title, matches: "(?i)\\bhead\\b"}       one test on one field
    {no: {event: any, within_days: 60}}                     nothing of the kind happened
    {segment: newsletter}                                   membership
    {related: account.deals, where: {...}, measure: sum, of: amount, at_least: 1000}

Three-valued: a test on an unknown value is unknown, `not` of unknown is unknown; only true fires.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from rapport.engine.crm.closed import TAG, Closed, Number, Scalar

TEXT_TESTS = ("contains", "starts_with", "ends_with", "matches", "in_list")
NUMBER_TESTS = ("at_least", "at_most", "above", "below", "between")
DAY_TESTS = ("within_days", "older_than_days", "in_next_days")
TESTS = ("is", "in", *TEXT_TESTS, *NUMBER_TESTS, *DAY_TESTS, "present")
KEYS = ("all", "any", "not", "field", "no", "segment", "related")
MAX_DEPTH = 20

Days = Annotated[int, Field(ge=1, le=36_500)]
Bound = Number | None


class Measure(StrEnum):
    """What is made of related records. Rows with a null value are left out; `mean` compares sum with bound x count."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    ANY = "any"


class All(Closed):
    """True if all are, false if one is false, else unknown."""

    all: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(Closed):
    """True if one is, false if all are false, else unknown."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(Closed):
    """True where the inner is false, unknown where it is unknown."""

    not_: Condition = Field(alias="not")


class FieldTest(Closed):
    """One test on one field.

    Attributes:
        field: `contact.title`; of an event, `url_path`. What is no column is read from `properties`.
        is_, in_, in_list, contains, starts_with, ends_with: compared after NFC and casefold.
        matches: searched anywhere in the NFC text, RE2 subset, at most 200 characters.
        between: both ends included; either may be null. at_least, at_most, above, below: numbers.
        within_days: today or one of the n - 1 days before. older_than_days: n days ago or more.
        in_next_days: tomorrow up to n days ahead.
        present: true if the field has a value, false if it has none; never unknown.
    """

    field: str = Field(min_length=1, max_length=200)
    is_: Scalar | None = Field(default=None, alias="is")
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in", min_length=1)
    in_list: str | None = None
    contains: str | None = Field(default=None, min_length=1)
    starts_with: str | None = Field(default=None, min_length=1)
    ends_with: str | None = Field(default=None, min_length=1)
    matches: str | None = Field(default=None, min_length=1, max_length=200)
    between: tuple[Bound, Bound] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None
    within_days: Days | None = None
    older_than_days: Days | None = None
    in_next_days: Days | None = None
    present: bool | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if len(self._given) != 1:
            raise PydanticCustomError(
                "tests",
                "A field takes exactly one test; join several with all.",
                {"received": ", ".join(self._given) or "none", "allowed": list(TESTS)},
            )
        if self.between is not None:
            _check_range(*self.between)
        return self

    @property
    def _given(self) -> list[str]:
        return [t for t in TESTS if getattr(self, _attribute(t)) is not None]

    @property
    def test(self) -> str:
        """The name of the test, one of `TESTS`."""
        return self._given[0]

    @property
    def operand(self) -> Any:
        return getattr(self, _attribute(self.test))


class EventMatch(Closed):
    """Occurrences of an event (`page_view`, `deal_won`, `any`), of some kind, in the last days.

    Attributes:
        where: a condition on the event's own fields, without prefix.
        within_days: today and the n - 1 days before; None for ever.
    """

    event: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.: -]*$")
    where: Condition | None = None
    within_days: Days | None = None

    @model_validator(mode="after")
    def _only_fields(self) -> Self:
        for part in walk(self.where):
            if isinstance(part, No | InSegment | Related):
                raise ValueError("where: only tests on the event's own fields, joined by all, any and not.")
        return self


class No(Closed):
    """True if nothing of the kind happened; unknown while the subject is younger than `within_days`."""

    no: EventMatch


class InSegment(Closed):
    """Whether the subject is in a segment as of the instant."""

    segment: str = Field(min_length=1)


class Related(Closed):
    """A measure of related records against a bound.

    Attributes:
        related: `account.contacts` (the others), `account.deals`, `contact.orders`, ...
        where: a condition on the related record's own columns, without prefix.
        of: the column measured; count and any take none.
    """

    related: Literal[
        "account.contacts",
        "account.deals",
        "account.cases",
        "account.orders",
        "contact.deals",
        "contact.cases",
        "contact.orders",
    ]
    where: Condition | None = None
    measure: Measure = Measure.ANY
    of: str | None = None
    between: tuple[Bound, Bound] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = [t for t in NUMBER_TESTS if getattr(self, t) is not None]
        if len(given) != (0 if self.measure is Measure.ANY else 1):
            allowed = "any takes no bound" if self.measure is Measure.ANY else ", ".join(NUMBER_TESTS)
            raise PydanticCustomError(
                "bounds", "The measure and its bound do not fit.", {"received": str(given), "allowed": allowed}
            )
        if (self.of is None) != (self.measure in (Measure.COUNT, Measure.ANY)):
            raise ValueError("of: names the column for sum, mean, min and max; count and any take none.")
        if self.between is not None:
            _check_range(*self.between)
        for part in walk(self.where):
            if isinstance(part, No | InSegment | Related):
                raise ValueError("where: only tests on the related record's own columns, joined by all, any and not.")
        return self

    @property
    def test(self) -> str:
        return next(t for t in NUMBER_TESTS if getattr(self, t) is not None)

    @property
    def operand(self) -> Any:
        return getattr(self, self.test)


def _kind_of(value: Any) -> str | None:
    if isinstance(value, Closed):
        return TAG + _KEY_OF_MODEL[type(value).__name__]
    if not isinstance(value, Mapping):
        return TAG + type(value).__name__
    return next((TAG + key for key in KEYS if key in value), TAG + "field" if len(value) else None)


_KEY_OF_MODEL = {
    "All": "all",
    "AnyOf": "any",
    "Not": "not",
    "FieldTest": "field",
    "No": "no",
    "InSegment": "segment",
    "Related": "related",
}

Condition = Annotated[
    Annotated[All, Tag(TAG + "all")]
    | Annotated[AnyOf, Tag(TAG + "any")]
    | Annotated[Not, Tag(TAG + "not")]
    | Annotated[FieldTest, Tag(TAG + "field")]
    | Annotated[No, Tag(TAG + "no")]
    | Annotated[InSegment, Tag(TAG + "segment")]
    | Annotated[Related, Tag(TAG + "related")],
    Discriminator(
        _kind_of,
        custom_error_type="condition",
        custom_error_message="A condition says one of: all, any, not, field, no, segment, related.",
    ),
]


def walk(condition: Condition | None) -> list[Condition]:
    """The condition and all within it, outermost first; conditions inside `where` are not entered."""
    if condition is None:
        return []
    inner: tuple[Condition, ...] = ()
    if isinstance(condition, All):
        inner = condition.all
    elif isinstance(condition, AnyOf):
        inner = condition.any
    elif isinstance(condition, Not):
        inner = (condition.not_,)
    return [condition, *(part for one in inner for part in walk(one))]


def _attribute(test: str) -> str:
    return {"is": "is_", "in": "in_"}.get(test, test)


def _check_range(low: Bound, high: Bound) -> None:
    if low is not None and high is not None and low > high:
        raise ValueError("between: the lower end comes first.")


for _model in (All, AnyOf, Not, EventMatch, No, Related):
    _model.model_rebuild()
