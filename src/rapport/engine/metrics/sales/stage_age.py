"""Stage age: how long open deals have been where they are."""

from rapport.engine.metrics.figures import Quantile
from rapport.engine.metrics.relations.stage_stays import CURRENT_STAYS
from rapport.engine.metrics.shapes import STANDING_AVERAGE
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "end of the period, or now"
_NOT_WHEN = "Dead deals are not closed: they grow older for ever. Split it by stage."

STAGE_AGE = MetricSpec(
    id="stage_age",
    name="Stage age",
    room="sales",
    sentence="Median days that open deals had been in their stage at the end of the period.",
    formula="median of end - entered_at over visits neither left nor ended by the close of the deal",
    **STANDING_AVERAGE,
    time_field=_TIME,
    unit=Unit.DAYS,
    higher_is_better=False,
    source="Own.",
    how_to_read="Above the usual stage duration: deals are stuck. Rising from month to month: a jam builds up.",
    not_when=_NOT_WHEN,
    relation=CURRENT_STAYS,
    figure=Quantile("age_days", 0.5),
    variants=("stage_age_p90", "stage_duration", "stage_duration_survival"),
)

STAGE_AGE_P90 = MetricSpec(
    id="stage_age_p90",
    name="Stage age, 90th percentile",
    room="sales",
    sentence="One in ten open deals had been in its stage for longer than this many days.",
    formula="90th percentile of end - entered_at, linear interpolation",
    **STANDING_AVERAGE,
    time_field=_TIME,
    unit=Unit.DAYS,
    higher_is_better=False,
    source="Own.",
    how_to_read="The deals to talk about first: open the rows.",
    not_when=_NOT_WHEN,
    relation=CURRENT_STAYS,
    figure=Quantile("age_days", 0.9),
    variants=("stage_age",),
)
