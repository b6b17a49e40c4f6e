"""What an RFM score is: recency, frequency and monetary value of each customer, weighed into one number."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from rapport.engine.crm.closed import Closed, Number
from rapport.engine.scores.definition_base import Band, Range, ScoreDefinition
from rapport.engine.scores.rfm.segments import SEGMENTS, Pair, faults

MEASURES = ("recency", "frequency", "monetary")

_WEIGHT_PLACES = 4  # so that a quarter of a weight is a whole number of micro-points

ScorePair = Annotated[tuple[int, int], Field(description="from and to, each 1 to 5")]


class Weights(Closed):
    """The most points that each measure can give: the score 5 gives all of them, 1 gives none."""

    recency: Number = Decimal(40)
    frequency: Number = Decimal(30)
    monetary: Number = Decimal(30)

    @field_validator("recency", "frequency", "monetary")
    @classmethod
    def _sensible(cls, weight: Decimal) -> Decimal:
        exponent = weight.as_tuple().exponent
        if weight < 0 or (isinstance(exponent, int) and exponent < -_WEIGHT_PLACES):
            raise ValueError("A weight is 0 or more, with at most 4 decimal places.")
        return weight

    def of(self, measure: str) -> Decimal:
        return {"recency": self.recency, "frequency": self.frequency, "monetary": self.monetary}[measure]

    @property
    def total(self) -> Decimal:
        return self.recency + self.frequency + self.monetary


Points = Annotated[tuple[Number, ...], Field(max_length=4)]


class Thresholds(Closed):
    """Fixed cut points, four ascending numbers (or two, for the scores 1, 3 and 5). Empty: quantiles of a run.

    Attributes: recency, days since the last purchase; frequency, purchases; monetary, amounts.
    """

    recency: Points = ()
    frequency: Points = ()
    monetary: Points = ()

    @field_validator("recency", "frequency", "monetary")
    @classmethod
    def _ascending(cls, points: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
        if len(points) not in (0, 2, 4) or list(points) != sorted(set(points)):
            raise ValueError("Thresholds are four (or two) numbers, each larger than the one before.")
        return points

    def of(self, measure: str) -> tuple[Decimal, ...]:
        return {"recency": self.recency, "frequency": self.frequency, "monetary": self.monetary}[measure]


class Segment(Closed):
    """Recency and frequency scores that a named segment takes in, each from and to."""

    recency: ScorePair
    frequency: ScorePair


def _default_bands() -> tuple[Band, ...]:
    bounds = {"A": 75, "B": 50, "C": 25, "D": 0}
    return tuple(Band.model_validate({"label": label, "from": bound}) for label, bound in bounds.items())


class RfmDefinition(ScoreDefinition):
    """Points for how lately, how often and for how much a customer bought.

        value = weight x (score - 1) / 4, summed over recency, frequency and monetary; each score is 1 to 5

    so the range runs from 0 to the sum of the weights. `matrix` of the result is the named segment of
    the recency and frequency scores.

    Attributes:
        purchases: orders (not cancelled, not fully refunded), or won deals.
        monetary: what is summed; refunds are deducted from either.
        window_days: purchases of the last so many local days only; None takes all.
        segment_map: other segments by name; every pair of scores must fall into exactly one.
    """

    kind: Literal["rfm"] = "rfm"
    subject: Literal["contact", "account"]
    range: Range = Range(min=Decimal(0), max=Decimal(100))
    bands: tuple[Band, ...] = Field(default_factory=_default_bands)
    matrix: None = None
    purchases: Literal["orders", "deals"] = "orders"
    monetary: Literal["amount", "margin"] = "amount"
    window_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    weights: Weights = Weights()
    thresholds: Thresholds = Thresholds()
    segment_map: dict[str, Segment] | None = Field(default=None, alias="segments")

    @field_validator("segment_map", mode="before")
    @classmethod
    def _whole(cls, segments: Any) -> Any:
        return segments or None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.range.min != 0 or self.range.max != self.weights.total:
            raise ValueError(
                f"The range runs from 0 to the sum of the weights: [0, {self.weights.total}]. Change either."
            )
        if self.purchases == "deals" and self.monetary == "margin":
            raise ValueError("Deals carry no margin: monetary is amount.")
        if wrong := faults(self.segments):
            raise ValueError(f"Every pair of recency and frequency scores has one segment: {wrong[0]}.")
        return self

    @property
    def segments(self) -> Mapping[str, tuple[Pair, Pair]]:
        """Recency and frequency scores, from and to, of each named segment."""
        if self.segment_map is None:
            return SEGMENTS
        return {name: (s.recency, s.frequency) for name, s in self.segment_map.items()}
