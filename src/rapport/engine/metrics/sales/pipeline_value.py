"""The pipeline: what the open deals are worth, and what was added to it."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.deals import CREATED_DEALS, OPEN_DEALS
from rapport.engine.metrics.sales.figures import WeightedAmount
from rapport.engine.metrics.shapes import EVENT_TOTAL, STANDING_TOTAL
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
    variants=("weighted_pipeline", "pipeline_created"),
)

WEIGHTED_PIPELINE = MetricSpec(
    id="weighted_pipeline",
    name="Weighted pipeline",
    room="sales",
    sentence="Amount of the deals open at the end of the period, each times its probability of winning.",
    formula=(
        "sum of amount x the newest calibrated chance that a published model gave the deal by then, else x the "
        "probability of the owner or the stage; probabilities outside 0 to 1 are left out"
    ),
    definition_version=2,
    **STANDING_TOTAL,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Fivetran dbt_salesforce `total_pipeline_forecast_amount`, with chances learnt from own deals.",
    how_to_read="An expectation over many deals, not the likely result of a few. Compare with the stages' alone.",
    not_when=(
        "No model is published and probabilities were never checked against what was won: then it is an opinion. "
        "A model's chance is of winning within its own window."
    ),
    relation=OPEN_DEALS,
    figure=WeightedAmount(total("weighted_amount", "weighable", "in_pipeline"), among=count("in_pipeline")),
    needs=("deals.amount",),
    amount_where=("weighable", "in_pipeline"),
    assumed_where=("weighable", "in_pipeline"),
    variants=("weighted_pipeline_stage", "pipeline_value"),
)

WEIGHTED_PIPELINE_STAGE = MetricSpec(
    id="weighted_pipeline_stage",
    name="Weighted pipeline, by stage",
    room="sales",
    sentence="Amount of the deals open at the end of the period, times the owner's or the stage's probability.",
    formula="sum of amount x probability of the owner or the stage; probabilities outside 0 to 1 are left out",
    **STANDING_TOTAL,
    time_field=_TIME,
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Fivetran dbt_salesforce `total_pipeline_forecast_amount`.",
    how_to_read="Far above the weighted pipeline: the stages promise more than past deals kept.",
    not_when="Probabilities were never checked against what was won.",
    relation=OPEN_DEALS,
    figure=WeightedAmount(total("stage_weighted_amount", "stage_weighable", "in_pipeline"), among=count("in_pipeline")),
    needs=("deals.amount", "deals.probability"),
    amount_where=("stage_weighable", "in_pipeline"),
    assumed_where=("stage_weighable", "in_pipeline"),
    variants=("weighted_pipeline", "pipeline_value"),
)

PIPELINE_CREATED = MetricSpec(
    id="pipeline_created",
    name="Pipeline created",
    room="sales",
    sentence="Amount of the deals created in the period.",
    formula=(
        "sum of the amounts of deals by created_at, in base currency at the rate of that day; deals of the forecast "
        "category omitted are left out"
    ),
    **EVENT_TOTAL,
    time_field="deal.created_at",
    unit=Unit.AMOUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="Tomorrow's bookings: times the win rate by amount, about one sales cycle from now.",
    not_when="Amounts are filled in late: the newest months look small. Amounts are told as known now.",
    relation=CREATED_DEALS,
    figure=Amount(total("amount", "in_pipeline")),
    needs=("deals.amount",),
    amount_where=("in_pipeline",),
    variants=("pipeline_value", "deals_created"),
)
