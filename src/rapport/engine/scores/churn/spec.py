"""What a churn score is: the probability that a customer is lost within a horizon."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rapport.engine.scores.definition_base import Range
from rapport.engine.scores.lifetime.spec import CONTRACTS, CustomerDefinition, bands_of

_SILENT_BANDS = {"high": 90, "medium": 70, "low": 0}
_GONE_BANDS = {"high": 80, "medium": 50, "low": 0}
_CONTRACT_BANDS = {"high": 30, "medium": 10, "low": 0}
_HORIZON = 90


class ChurnDefinition(CustomerDefinition):
    """P(lost within `horizon_days`), in percent.

    Attributes:
        lost_means: of purchases. no_purchase: nothing is bought within the horizon (what a backtest can prove);
            gone: the customer has left already, seen or not. With contracts: one that runs ends within the horizon,
            and is not renewed.
        bands: by percent; the customary ones differ for purchases (from 90, 70), customers gone (80, 50) and
            contracts (30, 10).
    """

    kind: Literal["churn"] = "churn"
    range: Range = Range(min=Decimal(0), max=Decimal(100))
    horizon_days: Annotated[int, Field(ge=1, le=3650)] = _HORIZON
    lost_means: Literal["no_purchase", "gone"] = "no_purchase"
    bands_by: Literal["value", "percentile"] = "value"

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, document: Any) -> Any:
        if not isinstance(document, dict):
            return document
        told = dict(document)
        contracts, days = told.get("purchases") == CONTRACTS, told.get("horizon_days", _HORIZON)
        gone = told.get("lost_means") == "gone"
        told.setdefault("bands", bands_of(_CONTRACT_BANDS if contracts else _GONE_BANDS if gone else _SILENT_BANDS))
        if "outcome" not in told:
            told["outcome"] = _contract_ended(days) if contracts else _nothing_bought(told, days)
        return told

    @model_validator(mode="after")
    def _in_percent(self) -> Self:
        if self.range.min != 0 or self.range.max != 100:
            raise ValueError("A churn score runs from 0 to 100 percent.")
        if self.by_contract and self.lost_means != "no_purchase":
            raise ValueError("lost_means is about purchases; a contract is lost when it ends.")
        return self

    @property
    def measure(self) -> str:
        """The figure of `lifetime.measures` that is the score."""
        if self.by_contract:
            return "lost"
        return "gone" if self.lost_means == "gone" else "silent"

    @property
    def tells_silence(self) -> bool:
        return self.measure == "silent"

    @property
    def banded_by_rank(self) -> bool:
        return self.bands_by == "percentile"

    @property
    def tells_outcome(self) -> bool:
        """Whether the score is the probability of the definition's own outcome, so that it can be calibrated."""
        outcome = self.outcome
        if outcome is None or outcome.within_days != self.horizon_days or self.measure == "gone":
            return False
        event, absent = ("contract_ended", False) if self.by_contract else (self.event, True)
        return outcome.event == event and outcome.absent == absent


def _contract_ended(days: int) -> dict[str, Any]:
    unrenewed = {"field": "renewed_by_contract_id", "present": False}
    return {"event": "contract_ended", "within_days": days, "repeatable": True, "where": unrenewed}


def _nothing_bought(document: dict[str, Any], days: int) -> dict[str, Any]:
    event = "deal_won" if document.get("purchases") == "deals" else "order_placed"
    return {"event": event, "within_days": days, "repeatable": True, "absent": True}
