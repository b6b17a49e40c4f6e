"""Pipeline coverage: whether enough is in the pipeline to reach the target."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.relations.pipeline_gaps import PIPELINE_GAPS
from rapport.engine.metrics.sales.figures import Coverage
from rapport.engine.metrics.shapes import STANDING_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "end of the period, or now"
_SOURCE = "RevOps practice (Revengine, Sales operations toolbelt): against the gap, or against the full target."
_NOT_WHEN = (
    "Expected close dates are not kept, or no goal for bookings is set. Company-wide it takes the goal without "
    "filters, by owner or pipeline those of each; without a goal for all those of the owners are added up."
)

PIPELINE_COVERAGE = MetricSpec(
    id="pipeline_coverage",
    name="Pipeline coverage",
    room="sales",
    sentence="Open pipeline that should close in the time of the goal, for each unit still to be won.",
    formula="open amount with expected close in the goal's time / (target - amount won in it so far)",
    **STANDING_RATIO,
    time_field=_TIME,
    unit=Unit.PER,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="At a win rate by amount of 25 % it takes 4. Once the target is met there is no value.",
    not_when=_NOT_WHEN,
    relation=PIPELINE_GAPS,
    figure=Coverage(total("open_amount"), total("gap_amount"), target=count("is_goal")),
    amount_where=(),
    variants=("pipeline_coverage_target", "pipeline_value"),
)

PIPELINE_COVERAGE_TARGET = MetricSpec(
    id="pipeline_coverage_target",
    name="Pipeline coverage of the full target",
    room="sales",
    sentence="Open pipeline that should close in the time of the goal, for each unit of the whole target.",
    formula="open amount with expected close in the goal's time / target",
    **STANDING_RATIO,
    time_field=_TIME,
    unit=Unit.PER,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="It falls while deals are won: only compare the same day of different periods.",
    not_when=_NOT_WHEN,
    relation=PIPELINE_GAPS,
    figure=Coverage(total("open_amount"), total("target"), target=count("is_goal")),
    amount_where=(),
    variants=("pipeline_coverage",),
)
