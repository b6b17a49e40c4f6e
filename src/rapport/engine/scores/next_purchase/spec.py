"""What a next-purchase score is: what a customer is likely to buy next, how likely, and for how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rapport.engine.crm.closed import Closed, Number
from rapport.engine.crm.conditions.fields import Nature, subject_field
from rapport.engine.scores.definition_base import Range, ScoreDefinition

Days = Annotated[int, Field(ge=1, le=3650)]


class BestTime(Closed):
    """When each contact is best reached: the local hour of the week in which it is most active.

    Attributes:
        within_days: interactions that were not ours, of the last so many days.
        shrinkage: how many interactions of its own a contact needs to weigh as much as its segment does.
        segment: a text field, `contact.country`, whose contacts stand between one contact and all; None: only all.
    """

    within_days: Days = 365
    shrinkage: Annotated[int, Field(ge=1, le=10_000)] = 20
    segment: str | None = None


class NextPurchaseDefinition(ScoreDefinition):
    """The best offer for each customer.

    Attributes:
        goal: `cross_sell`, something not bought yet (or bought again as a rule); `up_sell`, the successor of a product
            that was bought or a higher tier of its family.
        of: what is offered: a product, or all products of a category or family as one.
        value: the probability, in percent, that it is bought within `horizon_days`; or that times what its buyers spend
            on it in that time, in the base currency.
        history_days: purchases of the last so many days are what a customer has.
        repeat_from: a thing that is had is offered again where at least this share of those who had it bought it again
            within the horizon.
        shrinkage: so many customers' worth does popularity weigh beside what pairs of things tell.
        most: only so many things, those with the most buyers.
        offers: how many are told beside the best one, that one included.
    """

    kind: Literal["next_purchase"] = "next_purchase"
    subject: Literal["contact", "account"]
    range: Range = Range(min=Decimal(0), max=Decimal(100))
    matrix: None = None
    goal: Literal["cross_sell", "up_sell"] = "cross_sell"
    of: Literal["product", "category", "family"] = "category"
    value: Literal["probability", "expected_value"] = "probability"
    horizon_days: Days = 90
    history_days: Days = 365
    repeat_from: Annotated[Number, Field(ge=0, le=1)] = Decimal("0.2")
    shrinkage: Annotated[int, Field(ge=1, le=100_000)] = 20
    most: Annotated[int, Field(ge=2, le=500)] = 100
    offers: Annotated[int, Field(ge=1, le=10)] = 3
    best_time: BestTime | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.goal == "up_sell" and self.of != "product":
            raise ValueError("An upgrade is a product: up_sell goes with of: product.")
        if self.value == "probability" and (self.range.min, self.range.max) != (Decimal(0), Decimal(100)):
            raise ValueError("A probability has the range [0, 100].")
        if self.range.min != 0:
            raise ValueError("The range begins at 0.")
        if self.best_time is not None and self.subject != "contact":
            raise ValueError("best_time is about contacts.")
        segment = self.best_time.segment if self.best_time else None
        if segment is not None and subject_field(segment, subject="contact").nature is not Nature.TEXT:
            raise ValueError(f"{segment} is no text.")
        return self

    @property
    def open_ended(self) -> bool:
        return self.value == "expected_value"

    @property
    def learnt_for(self) -> str:
        """What a model depends on: one learnt for something else does not serve this definition."""
        own = self.model_dump(include={"subject", "goal", "of", "horizon_days", "history_days", "shrinkage", "most"})
        times = self.best_time.model_dump() if self.best_time else None
        return repr((own, str(self.repeat_from), times))
