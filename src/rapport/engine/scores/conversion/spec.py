"""What a predictive score says: the outcome it tells the chance of, and how it may learn."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rapport.engine.crm.conditions.checks import check_condition
from rapport.engine.crm.conditions.fields import subject_field
from rapport.engine.crm.conditions.grammar import Condition, No, walk
from rapport.engine.scores.definition_base import Band, Outcome, Range, ScoreDefinition

_BANDS = {"deal": (75, 50, 25), "contact": (20, 10, 5), "account": (20, 10, 5)}


def _default_bands(subject: str) -> list[dict[str, Any]]:
    """A to D: at 75, 50 and 25 % for deals, of which many are won; at 20, 10 and 5 % for leads, of which few buy."""
    bounds = (*_BANDS[subject], 0)
    return [{"label": label, "from": Decimal(bound)} for label, bound in zip("ABCD", bounds, strict=True)]


class ConversionDefinition(ScoreDefinition):
    """The chance of the outcome in percent, 1 to 99, learnt from the company's own past.

    Attributes:
        outcome: the event whose chance is told.
        model: auto compares the additive and the linear model on the newest period; boosted is LightGBM, whose
            reasons take longer.
        omit: fields (`contact.city`), measures (`events.page_view.30d`), all of a kind (`events.page_view`) or of
            a table (`events`) that must not be used.
        keep: fields that are used although a rule or the leakage guard would leave them out.
        monotone: by number: `up`, the chance never falls with it, or `down`.
        models_by: a model for each value of a field (`deal.pipeline`), or for each named condition, the first
            that holds; a group with few outcomes takes the model of all, moved toward its own level.
        accept_leak: score although everything together tells the outcome too well to be true.
    """

    kind: Literal["conversion"] = "conversion"
    range: Range = Range(min=Decimal(1), max=Decimal(99))
    bands: tuple[Band, ...] = ()
    matrix: None = None
    outcome: Outcome
    model: Literal["auto", "additive", "linear", "boosted"] = "auto"
    omit: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    keep: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    monotone: dict[str, Literal["up", "down"]] = {}
    models_by: str | dict[str, Condition] | None = None
    accept_leak: bool = False

    @model_validator(mode="before")
    @classmethod
    def _with_bands(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("bands") and value.get("subject") in _BANDS:
            return {**value, "bands": _default_bands(value["subject"])}
        return value

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.range.min != 1 or self.range.max != 99:
            raise ValueError("range: the score is a chance in percent, [1, 99].")
        if clash := sorted(set(self.omit) & set(self.keep)):
            raise ValueError(f"keep: {clash[0]} is left out and kept at once.")
        if isinstance(self.models_by, str):
            subject_field(self.models_by, subject=self.subject)
        for name, condition in (self.models_by or {}).items() if isinstance(self.models_by, dict) else ():
            check_condition(condition, subject=self.subject)
            if any(isinstance(part, No) for part in walk(condition)):
                raise ValueError(f"models_by.{name}: groups are told by fields, segments and related records.")
        return self

    @property
    def directions(self) -> dict[str, int]:
        """+1 or -1 by feature."""
        return {name: 1 if way == "up" else -1 for name, way in self.monotone.items()}
