"""Pipeline value: what the open deals are worth."""

from rapport.engine.metrics.aggregates import total
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.deals import OPEN_DEALS
from rapport.engine.metrics.shapes import STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "end of the period, or now"

PIPELINE_VALUE = MetricSpec(
    id="pipeline_value",
    name="Pipeline value",
    room="sales",
    sentence="Amount of the deals open at the end of the period.",
    formula=(
        "sum of the amounts that open deals had then, at the rate of that day; deals of the forecast category "
        "omitted are left out"
    ),
    **STANDING_TOTAL,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Fivetran dbt_salesforce (pipeline amounts), read from history.",
    how_to_read="Compare with what has still to be sold. Look at the deals without amount, too.",
    not_when=(
        "Amounts were first recorded long after the deals began: the first known one stands in (told as assumed). "
        "Old deals nobody believes in inflate it."
    ),
    relation=OPEN_DEALS,
    figure=Amount(total("amount", "in_pipeline")),
    needs=("deals.amount",),
    amount_where=("in_pipeline",),
    assumed_where=("in_pipeline",),
    variants=("weighted_pipeline",),
)

WEIGHTED_PIPELINE = MetricSpec(
    id="weighted_pipeline",
    name="Weighted pipeline",
    room="sales",
    sentence="Amount of the deals open at the end of the period, each times its probability of winning.",
    formula="sum of amount x probability of the owner or the stage; probabilities outside 0 to 1 are left out",
    **STANDING_TOTAL,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Fivetran dbt_salesforce `total_pipeline_forecast_amount`.",
    how_to_read="An expectation over many deals, not the likely result of a few.",
    not_when="Probabilities were never checked against what was won: then it is an opinion.",
    relation=OPEN_DEALS,
    figure=Amount(total("weighted_amount", "weighable", "in_pipeline")),
    needs=("deals.amount", "deals.probability"),
    amount_where=("weighable", "in_pipeline"),
    assumed_where=("weighable", "in_pipeline"),
    variants=("pipeline_value",),
)
