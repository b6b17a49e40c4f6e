"""What a combined score is: other scores, weighed or laid out in a table."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from rapport.engine.crm.closed import Closed, Number
from rapport.engine.crm.conditions.checks import check_condition
from rapport.engine.scores.definition_base import Band
from rapport.engine.scores.overrides import ScoreOverride
from rapport.engine.scores.parts import NullWord, ScoreOfScores
from rapport.engine.scores.points.spec import Limit

WEIGHT_PLACES = 4
THROUGH = {"contact": ("contact", "account"), "account": ("account",), "deal": ("deal", "account", "contact")}


class Part(Closed):
    """A score and how it counts.

    Attributes:
        weight: at most 4 decimal places. A mean needs weights of 0 or more.
        scale: `value` as it is; `range` as percent of its own range; `percentile` its rank among all, 0 to 100.
        missing: what happens without the score. `skip`: the others are weighed again (in a sum it adds nothing);
            `null`: there is no value; a number stands in for it, on the scale chosen.
        limit: of what it contributes to a sum, after its weight.
        type: the subtotal it belongs to, if any.
    """

    score: str
    weight: Number = Decimal(1)
    scale: Literal["value", "range", "percentile"] = "value"
    missing: Annotated[Literal["skip", "null"] | Number, NullWord] = "skip"
    limit: Limit | None = None
    type: Literal["fit", "engagement"] | None = None

    @field_validator("weight")
    @classmethod
    def _plain(cls, weight: Decimal) -> Decimal:
        exponent = weight.as_tuple().exponent
        if abs(weight) > 10**6 or (isinstance(exponent, int) and exponent < -WEIGHT_PLACES):
            raise ValueError("A weight lies between -10^6 and 10^6, with at most 4 decimal places.")
        return weight


class Axis(Closed):
    """One side of a table: a score cut into labels, lower bounds inclusive."""

    score: str
    bands: tuple[Band, ...] = Field(min_length=1)

    @field_validator("bands")
    @classmethod
    def _sorted(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        if len({b.from_ for b in bands}) < len(bands) or len({b.label for b in bands}) < len(bands):
            raise ValueError("Each label has its own lower bound.")
        return tuple(sorted(bands, key=lambda band: band.from_, reverse=True))


class Table(Closed):
    """A value for each pair of labels, `A1`: the row's label followed by the column's."""

    rows: Axis
    columns: Axis
    values: dict[str, Number]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wanted = [row.label + column.label for row in self.rows.bands for column in self.columns.bands]
        if len(set(wanted)) < len(wanted):
            raise ValueError("Two cells have one label: choose other labels.")
        if missing := [label for label in wanted if label not in self.values]:
            raise ValueError(f"The table has no value for {missing[0]}.")
        if further := [label for label in self.values if label not in wanted]:
            raise ValueError(f"The table has a value for {further[0]}, which is no cell of it.")
        return self


class CombinedDefinition(ScoreOfScores):
    """A score made of other scores of the same subject, or of the account (a deal: also the contact) it belongs to.

        mean   sum of weight x part / sum of weights, over the parts that are known; rounded once
        sum    sum of weight x part, each rounded and limited
        table  the value of the cell that two scores' labels choose; `matrix` of the result is that label

    then exceptions, then `range`.
    """

    kind: Literal["combined"] = "combined"
    how: Literal["mean", "sum", "table"] = "mean"
    parts: tuple[Part, ...] = Field(default=(), max_length=30)
    table: Table | None = None
    exceptions: tuple[ScoreOverride, ...] = Field(default=(), max_length=30)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.how == "table") != (self.table is not None) or (self.how == "table") == bool(self.parts):
            raise ValueError("mean and sum take parts; table takes a table.")
        if self.how == "table" and self.matrix is not None:
            raise ValueError("A table gives the label itself: leave matrix out.")
        if len({part.score for part in self.parts}) < len(self.parts):
            raise ValueError("parts: each score once.")
        if self.how == "mean":
            if any(part.weight < 0 for part in self.parts) or not any(part.weight for part in self.parts):
                raise ValueError("The weights of a mean are 0 or more, and one of them is more.")
            if any(part.limit is not None for part in self.parts):
                raise ValueError("A limit of a part goes with how: sum.")
        return self

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        for name in self.used:
            part = self.part(name, where="parts")
            if part.subject not in THROUGH[self.subject]:
                raise ValueError(f"{name!r} scores {part.subject}s, and {_one(self.subject)} has many or none.")
        for exception in self.exceptions:
            check_condition(exception.when, subject=self.subject)
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """The scores that count, in the order first named."""
        table = (self.table.rows.score, self.table.columns.score) if self.table else ()
        exceptions = (one.score for one in self.exceptions if one.score is not None)
        return tuple(dict.fromkeys((*(part.score for part in self.parts), *table, *exceptions)))


def _one(subject: str) -> str:
    return f"an {subject}" if subject[0] in "aeiou" else f"a {subject}"
