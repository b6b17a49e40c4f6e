"""What a lifetime score is: how much, or how often, a customer will still buy, and whether it still is one."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rapport.engine.crm.closed import Number
from rapport.engine.crm.conditions.fields import Nature, subject_field
from rapport.engine.scores.definition_base import Range, ScoreDefinition

PURCHASE_MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd", "bg_bb")
CONTRACTS = "contracts"
DAYS_A_MONTH = 365.25 / 12

_LARGEST = Decimal(1_000_000_000)
_PERCENTILE_BANDS = {"A": 80, "B": 50, "C": 20, "D": 0}
_ALIVE_BANDS = {"A": 80, "B": 50, "C": 20, "D": 0}
_CHURN_BANDS = {"high": 60, "medium": 30, "low": 0}
_COHORT_NATURES = (Nature.TEXT, Nature.BOOLEAN, Nature.PROPERTY)
_OUTCOME_DAYS = 90

Percent = Annotated[Number, Field(ge=0, le=100)]


class CustomerDefinition(ScoreDefinition):
    """What scores of customers' purchases or contracts share: what is read, and how it is modelled.

    Attributes:
        purchases: orders (not cancelled, not fully refunded), won deals, or contracts. With contracts a
            customer is one with a running contract, and the model is of renewals.
        model: of purchases; `auto` takes the one of bg_nbd, mbg_nbd and pareto_nbd that tells a held-out part of the
            customers best. bg_bb: purchases happen at opportunities, one every `opportunity_days`. Contracts
            have one model.
        monetary: what a purchase is worth, amount or margin. margin_percent: of an amount, what is kept.
        spend: the amounts that tell what a purchase is worth: `all`, or `repeat` (without the first, as in papers).
        horizon_days: how far ahead.
        discount_per_year: percent by which a sum in a year is worth less than one now.
        cohorts: up to two fields of the subject (`account.industry`) by whose values the model is fitted apart.
        renewal_months: length of a term; None takes the usual one of the contracts.
    """

    subject: Literal["contact", "account"]
    matrix: None = None
    purchases: Literal["orders", "deals", "contracts"] = "orders"
    model: Literal["auto", "bg_nbd", "mbg_nbd", "pareto_nbd", "bg_bb"] = "auto"
    opportunity_days: Annotated[int, Field(ge=1, le=366)] | None = None
    monetary: Literal["amount", "margin"] = "amount"
    margin_percent: Percent = Decimal(100)
    spend: Literal["all", "repeat"] = "all"
    horizon_days: Annotated[int, Field(ge=1, le=3650)] = 365
    discount_per_year: Percent = Decimal(10)
    cohorts: Annotated[tuple[str, ...], Field(max_length=2)] = ()
    renewal_months: Annotated[int, Field(ge=1, le=60)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for path in self.cohorts:
            if subject_field(path, subject=self.subject).nature not in _COHORT_NATURES:
                raise ValueError(f"cohorts: {path} is no text; cohorts are told apart by a text or yes / no field.")
        if (self.model == "bg_bb") != (self.opportunity_days is not None):
            raise ValueError(
                "model: bg_bb and opportunity_days, the days from one opportunity to the next, go together."
            )
        if self.monetary == "margin" and self.purchases != "orders":
            raise ValueError("Only orders carry a margin: monetary is amount (and margin_percent what is kept of it).")
        if self.purchases == CONTRACTS and self.model != "auto":
            raise ValueError("Contracts have one model of renewals (BdW): leave model out.")
        if self.purchases != CONTRACTS and self.renewal_months is not None:
            raise ValueError("renewal_months is about contracts.")
        return self

    @property
    def tells_silence(self) -> bool:
        """Whether the score is the probability that nothing is bought within the horizon."""
        return False

    @property
    def by_contract(self) -> bool:
        return self.purchases == CONTRACTS

    @property
    def event(self) -> str:
        """The event that a purchase is."""
        return "deal_won" if self.purchases == "deals" else "order_placed"

    @property
    def rate_per_day(self) -> float:
        """The discount as a continuous rate."""
        return float((1 + self.discount_per_year / 100).ln()) / 365.25


def bands_of(bounds: dict[str, int]) -> list[dict[str, Any]]:
    return [{"label": label, "from": bound} for label, bound in bounds.items()]


class LifetimeDefinition(CustomerDefinition):
    """What a customer is expected to bring within `horizon_days`.

    Attributes:
        measure: value (money, discounted to now), purchases (a number; months with contracts), or alive (0..100, the
            probability of still being a customer).
        bands_by: value, in the score's unit; or percentile, the rank among customers in the run (default for
            value and purchases: A from 80, B from 50, C from 20).
    """

    kind: Literal["lifetime"] = "lifetime"
    measure: Literal["value", "purchases", "alive"] = "value"
    bands_by: Literal["value", "percentile"] = "percentile"
    range: Range = Range(min=Decimal(0), max=_LARGEST)

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, document: Any) -> Any:
        if not isinstance(document, dict):
            return document
        told = dict(document)
        alive = told.get("measure") == "alive"
        if alive:
            told.setdefault("range", [0, 100])
            told.setdefault("bands_by", "value")
        elif told.get("bands") and "bands_by" not in told:
            told["bands_by"] = "value"
        told.setdefault("bands", bands_of(_ALIVE_BANDS if alive else _PERCENTILE_BANDS))
        if "outcome" not in told and told.get("purchases") != CONTRACTS:
            event = "deal_won" if told.get("purchases") == "deals" else "order_placed"
            told["outcome"] = {"event": event, "within_days": _OUTCOME_DAYS, "repeatable": True}
        return told

    @model_validator(mode="after")
    def _measured(self) -> Self:
        if self.measure == "alive" and (self.range.min != 0 or self.range.max != 100):
            raise ValueError("measure: alive runs from 0 to 100.")
        if self.measure != "alive" and self.range.min != 0:
            raise ValueError("A value begins at 0.")
        return self

    @property
    def open_ended(self) -> bool:
        return self.measure != "alive"

    @property
    def banded_by_rank(self) -> bool:
        return self.bands_by == "percentile"
