"""Overrides: what a score becomes where something is so, whatever it was computed to be."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from rapport.engine.crm.closed import Closed, Number
from rapport.engine.crm.conditions.grammar import Condition, No, walk
from rapport.engine.scores.points.spec import Limit


class Override(Closed):
    """One override, applied in the order written, after all else.

    Attributes:
        when: a condition on the subject; or else what `of` names lies within at_least (included) and below
            (excluded). What is unknown meets nothing.
        set, at_most_value, at_least_value: what the value becomes, or is held to.
    """

    name: str = Field(min_length=1, max_length=80)
    when: Condition | None = None
    at_least: Number | None = None
    below: Number | None = None
    set: Number | None = None
    at_most_value: Number | None = None
    at_least_value: Number | None = None

    @property
    def of(self) -> str | None:
        """What is compared with the bounds."""
        return None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.when is None) == (self.of is None):
            raise ValueError("An exception names a condition (when) or what it compares.")
        bounds = (self.at_least, self.below)
        if self.of is not None and all(bound is None for bound in bounds):
            raise ValueError("An exception that compares says at_least or below.")
        if self.of is None and any(bound is not None for bound in bounds):
            raise ValueError("at_least and below belong to what is compared.")
        given = [b for b in (self.set, self.at_most_value, self.at_least_value) if b is not None]
        if len(given) != 1:
            raise ValueError("An exception says one of set, at_most_value and at_least_value.")
        if any(isinstance(part, No) for part in walk(self.when)):
            raise ValueError("Exceptions test fields, segments and related records, not events.")
        return self

    @property
    def bounds(self) -> Limit:
        """What the value is held within."""
        if self.set is not None:
            return Limit(min=self.set, max=self.set)
        return Limit(min=self.at_least_value, max=self.at_most_value)


class ScoreOverride(Override):
    """Attributes: score, one of those that the definition is made of."""

    score: str | None = None

    @property
    def of(self) -> str | None:
        return self.score


class MeasureOverride(Override):
    """Attributes: measure, one of the definition's, compared as measured."""

    measure: str | None = None

    @property
    def of(self) -> str | None:
        return self.measure
