"""Stage duration: how long deals stay in a stage."""

from rapport.engine.metrics.figures import Mean, Quantile
from rapport.engine.metrics.relations.stage_stays import BEGUN_STAYS
from rapport.engine.metrics.relations.stage_visits import STAGE_VISITS
from rapport.engine.metrics.sales.figures import HalfOver
from rapport.engine.metrics.shapes import COHORT_AVERAGE, EVENT_AVERAGE
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
    variants=(
        "stage_duration_mean",
        "stage_duration_p90",
        "stage_duration_total",
        "stage_duration_survival",
        "stage_age",
    ),
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

STAGE_DURATION_TOTAL = MetricSpec(
    id="stage_duration_total",
    name="Stage duration, all visits of a deal",
    room="sales",
    sentence="Median days that deals spent in a stage altogether, of those that last left it in the period.",
    formula="median over deals and stages of the sum of left_at - entered_at, dated by the last visit",
    **EVENT_AVERAGE,
    time_field="deal_stage_visit.left_at of the last visit",
    unit=Unit.DAYS,
    higher_is_better=False,
    source="HubSpot's total time in a stage, per deal.",
    how_to_read="Longer than the duration of a visit: deals come back.",
    not_when=_NOT_WHEN,
    relation=STAGE_VISITS,
    figure=Quantile("total_days", 0.5, ("is_last", "in_order")),
    variants=("stage_duration",),
)

STAGE_DURATION_SURVIVAL = MetricSpec(
    id="stage_duration_survival",
    name="Stage duration, open visits too",
    room="sales",
    sentence="Days after which half of the visits to a stage that began in the period were over.",
    formula="smallest length at which the Kaplan-Meier curve of the visits falls to 1/2; open visits are censored",
    **COHORT_AVERAGE,
    time_field="deal_stage_visit.entered_at",
    unit=Unit.DAYS,
    higher_is_better=False,
    source="Kaplan and Meier, Nonparametric estimation from incomplete observations (1958), product-limit estimate.",
    how_to_read="Deals still in the stage are in it: it does not look short while a jam builds up. Split it by stage.",
    not_when="Fewer than half have left: there is no median yet. A closed deal has left its stage.",
    relation=BEGUN_STAYS,
    figure=HalfOver(),
    variants=("stage_duration", "stage_age"),
)
