"""Time to resolution."""

from rapport.engine.metrics.figures import Mean, Quantile
from rapport.engine.metrics.relations.cases import RESOLVED_CASES
from rapport.engine.metrics.shapes import EVENT_AVERAGE
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "case.solved_at (last), else case.closed_at"
_SOURCE = "Zendesk's full resolution time: opening to last solve. Time waiting for the customer is in it."
_NOT_WHEN = (
    "Old cases are solved in one sweep: the period of the sweep looks bad, not those in which they waited. "
    "Unresolved cases are not in it."
)
_VARIANTS = ("avg_time_to_resolution_business", "median_time_to_resolution", "p90_time_to_resolution")

AVG_TIME_TO_RESOLUTION = MetricSpec(
    id="avg_time_to_resolution",
    name="Average time to resolution",
    room="service",
    sentence="Mean calendar hours from opening to the last solve, of cases last solved in the period.",
    formula="mean of solved_at - opened_at; a re-opened case counts once, by its last solve",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Beside the median: a few very old cases move the mean.",
    not_when=_NOT_WHEN,
    relation=RESOLVED_CASES,
    figure=Mean("hours", ("in_order",)),
    variants=_VARIANTS,
)

MEDIAN_TIME_TO_RESOLUTION = MetricSpec(
    id="median_time_to_resolution",
    name="Median time to resolution",
    room="service",
    sentence="Half of the cases last solved in the period took at most this many calendar hours.",
    formula="median of solved_at - opened_at",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="What a usual customer waits.",
    not_when=_NOT_WHEN,
    relation=RESOLVED_CASES,
    figure=Quantile("hours", 0.5, ("in_order",)),
    variants=("avg_time_to_resolution", "p90_time_to_resolution"),
)

P90_TIME_TO_RESOLUTION = MetricSpec(
    id="p90_time_to_resolution",
    name="Time to resolution, 90th percentile",
    room="service",
    sentence="Nine in ten cases last solved in the period took at most this many calendar hours.",
    formula="90th percentile of solved_at - opened_at, linear interpolation",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="What you can promise and mostly keep.",
    not_when=_NOT_WHEN,
    relation=RESOLVED_CASES,
    figure=Quantile("hours", 0.9, ("in_order",)),
    variants=("avg_time_to_resolution", "median_time_to_resolution"),
)

AVG_TIME_TO_RESOLUTION_BUSINESS = MetricSpec(
    id="avg_time_to_resolution_business",
    name="Average time to resolution in business hours",
    room="service",
    sentence="Mean business hours from opening to the last solve, of cases last solved in the period.",
    formula="mean of the time between opened_at and solved_at in which the company's doors were open",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Hours in force at each moment, as Fivetran dbt_zendesk reasons (Zendesk takes the last schedule).",
    how_to_read="What service can answer for: nights, week-ends and holidays are not in it.",
    not_when="The calendar does not match the hours worked. With several calendars one is used for all cases.",
    relation=RESOLVED_CASES,
    figure=Mean("business_hours", ("in_order",)),
    needs=("business_calendars.opens",),
    variants=("avg_time_to_resolution",),
)

AVG_COMPLAINT_RESOLUTION_TIME = MetricSpec(
    id="avg_complaint_resolution_time",
    name="Average time to resolve a complaint",
    room="service",
    sentence="Mean calendar hours from opening to the last solve, of complaints last solved in the period.",
    formula="mean of solved_at - opened_at over cases of type complaint",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Complaints should not wait longer than questions.",
    not_when="Complaints are not told apart from other cases.",
    relation=RESOLVED_CASES,
    figure=Mean("hours", ("in_order", "complaint")),
    needs=("cases.type",),
    variants=("avg_time_to_resolution",),
)
