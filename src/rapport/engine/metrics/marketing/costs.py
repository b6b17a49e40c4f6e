"""What winning customers cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rapport.engine.metrics.aggregates import Aggregate, count, total
from rapport.engine.metrics.figures import Aggregates, Amount, Result
from rapport.engine.metrics.relations.costs import COSTS, LAGGED_COSTS
from rapport.engine.metrics.shapes import EVENT_TOTAL
from rapport.engine.metrics.spec import Additivity, MetricSpec, Unit

_SIDES = ("sales_covers_start", "sales_covers_end", "marketing_covers_start", "marketing_covers_end")


@dataclass(frozen=True)
class ToldCost(Amount):
    """A cost; no value where none is recorded for any day of the period, as that is not known to be nothing."""

    def result(self, values: Aggregates) -> Result:
        found = super().result(values)
        if found.n:
            return found
        return replace(found, value=None, numerator=None, reason="No such costs are recorded for this period.")


@dataclass(frozen=True)
class CompleteCost(Amount):
    """The cost of sales and marketing together; no value unless both reach from the period's first day to its last."""

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return (*super().aggregates, *(count(side) for side in _SIDES))

    def result(self, values: Aggregates) -> Result:
        found = super().result(values)
        lacking = [side for side in _SIDES if not values.get(count(side).name)]
        if not lacking:
            return found
        kind, _, end = lacking[0].partition("_covers_")
        reason = f"Costs of {kind} are not told for the whole period: none of them reaches over its {_DAY[end]} day."
        return replace(found, value=None, numerator=None, reason=reason)


_DAY = {"start": "first", "end": "last"}
_COST: dict[str, Any] = {
    "room": "marketing",
    **EVENT_TOTAL,
    "time_field": "cost.period_start to cost.period_end",
    "unit": Unit.AMOUNT,
    "higher_is_better": False,
    "relation": COSTS,
}
# parts without a value do not add up to a whole that has one
_COMPLETE = _COST | {"additivity": Additivity.NON_ADDITIVE}
_SPREAD = "amount x days of the service in the period / days of the service"

MARKETING_COST = MetricSpec(
    id="marketing_cost",
    name="Marketing cost",
    sentence="What was spent on marketing and media for the days of the period.",
    formula=f"sum over costs of category marketing or media of: {_SPREAD}; in base currency",
    source="Own; recognised on the days of the service, not of the invoice. Rate of the service's first day.",
    how_to_read="A cost over two months counts in both, by days. A period that is not over counts until today.",
    not_when="Salaries, tools and agencies are not recorded: it is then media spend only.",
    figure=ToldCost(total("amount", "is_marketing")),
    amount_where=("is_marketing",),
    assumed_where=("is_marketing",),
    variants=("media_cost", "sales_cost", "acquisition_cost"),
    **_COST,
)

MEDIA_COST = MetricSpec(
    id="media_cost",
    name="Media cost",
    sentence="What was paid for media for the days of the period.",
    formula=f"sum over costs of category media of: {_SPREAD}; in base currency",
    source="Own; recognised on the days of the service, not of the invoice.",
    how_to_read="By campaign or channel: where the advertising money goes.",
    not_when="You want the whole cost of marketing.",
    figure=ToldCost(total("amount", "is_media")),
    amount_where=("is_media",),
    assumed_where=("is_media",),
    variants=("marketing_cost",),
    **_COST,
)

SALES_COST = MetricSpec(
    id="sales_cost",
    name="Sales cost",
    sentence="What was spent on sales for the days of the period.",
    formula=f"sum over costs of category sales of: {_SPREAD}; in base currency",
    source="Own; recognised on the days of the service, not of the invoice.",
    how_to_read="Salaries, commissions and tools of those who sell.",
    not_when="The same people sell and serve, and their cost is not divided.",
    figure=ToldCost(total("amount", "is_sales")),
    amount_where=("is_sales",),
    assumed_where=("is_sales",),
    variants=("marketing_cost", "acquisition_cost"),
    **_COST,
)

ACQUISITION_COST = MetricSpec(
    id="acquisition_cost",
    name="Acquisition cost",
    sentence="What sales and marketing cost together in the period.",
    formula=f"sum over costs of category sales, marketing or media of: {_SPREAD}; in base currency",
    source="Own; fully loaded: media, tools, agencies, salaries.",
    how_to_read="Without a value where the costs of sales or of marketing do not reach over the whole period.",
    not_when="Some costs are missing inside the period: only its first and last day are checked.",
    figure=CompleteCost(total("amount")),
    amount_where=(),
    assumed_where=(),
    variants=("marketing_cost", "sales_cost", "acquisition_cost_lagged"),
    **_COMPLETE,
)

ACQUISITION_COST_LAGGED = MetricSpec(
    id="acquisition_cost_lagged",
    name="Acquisition cost, a sales cycle before",
    sentence="What sales and marketing cost in the days that lie a median sales cycle before the period.",
    formula="acquisition cost of the period moved back by the median sales cycle of the last 365 days",
    source="Own.",
    how_to_read="What the customers of the period were won with, where a sale takes long.",
    not_when="Sales cycles differ widely, or few deals tell how long they are.",
    figure=CompleteCost(total("amount")),
    amount_where=(),
    assumed_where=(),
    variants=("acquisition_cost",),
    **(_COMPLETE | {"relation": LAGGED_COSTS}),
)
