"""Stage duration: how long deals stay in a stage."""

from rapport.engine.metrics.figures import Mean, Quantile
from rapport.engine.metrics.relations.stage_visits import STAGE_VISITS
from rapport.engine.metrics.shapes import EVENT_AVERAGE
from rapport.engine.metrics.spec import MetricSpec, Unit

_SOURCE = (
    "Own; visits as HubSpot's date_stage_entered / date_stage_exited, but one per visit instead of a total per deal."
)
_NOT_WHEN = (
    "Deals still in the stage are not in it, so it looks too short while a jam builds up. "
    "Split it by stage: a median over all stages says little."
)

STAGE_DURATION = MetricSpec(
    id="stage_duration",
    name="Stage duration",
    room="sales",
    sentence="Median days that deals spent in a stage, over the visits that ended in the period.",
    formula="median of left_at - entered_at; coming back is another visit",
    **EVENT_AVERAGE,
    time_field="deal_stage_visit.left_at",
    unit=Unit.DAYS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="By stage: the longest one is where to help.",
    not_when=_NOT_WHEN,
    relation=STAGE_VISITS,
    figure=Quantile("days", 0.5, ("in_order",)),
    variants=("stage_duration_mean", "stage_duration_p90"),
)

STAGE_DURATION_MEAN = MetricSpec(
    id="stage_duration_mean",
    name="Stage duration, mean",
    room="sales",
    sentence="Mean days that deals spent in a stage, over the visits that ended in the period.",
    formula="mean of left_at - entered_at",
    **EVENT_AVERAGE,
    time_field="deal_stage_visit.left_at",
    unit=Unit.DAYS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Far above the median: some deals get stuck.",
    not_when=_NOT_WHEN,
    relation=STAGE_VISITS,
    figure=Mean("days", ("in_order",)),
    variants=("stage_duration",),
)

STAGE_DURATION_P90 = MetricSpec(
    id="stage_duration_p90",
    name="Stage duration, 90th percentile",
    room="sales",
    sentence="Nine in ten visits to a stage that ended in the period took at most this many days.",
    formula="90th percentile of left_at - entered_at, linear interpolation",
    **EVENT_AVERAGE,
    time_field="deal_stage_visit.left_at",
    unit=Unit.DAYS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="A deal that stays longer is worth a question.",
    not_when=_NOT_WHEN,
    relation=STAGE_VISITS,
    figure=Quantile("days", 0.9, ("in_order",)),
    variants=("stage_duration",),
)
