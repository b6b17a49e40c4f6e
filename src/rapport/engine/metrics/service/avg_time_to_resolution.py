"""Time to resolution."""

from rapport.engine.metrics.figures import Mean, Quantile
from rapport.engine.metrics.relations.cases import OPENED_CASES, RESOLVED_CASES
from rapport.engine.metrics.shapes import EVENT_AVERAGE
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "case.solved_at (last), else case.closed_at"
_SOURCE = "Zendesk's full resolution time: opening to last solve. Time waiting for the customer is in it."
_NOT_WHEN = (
    "Old cases are solved in one sweep: the period of the sweep looks bad, not those in which they waited. "
    "Unresolved cases are not in it."
)
_VARIANTS = (
    *("avg_time_to_resolution_business", "median_time_to_resolution", "p90_time_to_resolution"),
    *("first_resolution_time", "avg_time_to_resolution_without_wait"),
)

AVG_TIME_TO_RESOLUTION = MetricSpec(
    id="avg_time_to_resolution",
    name="Average time to resolution",
    room="service",
    sentence="Mean calendar hours from opening to the last solve, of cases last solved in the period.",
    formula="mean of solved_at - opened_at; a re-opened case counts once, by its last solve",
    definition_version=2,
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
    definition_version=2,
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
    definition_version=2,
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
    definition_version=2,
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
    variants=("avg_time_to_resolution", "median_time_to_resolution_business", "p90_time_to_resolution_business"),
)

MEDIAN_TIME_TO_RESOLUTION_BUSINESS = MetricSpec(
    id="median_time_to_resolution_business",
    name="Median time to resolution in business hours",
    room="service",
    sentence="Half of the cases last solved in the period took at most this many business hours.",
    formula="median of the time between opened_at and solved_at in which the company's doors were open",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Hours in force at each moment, as Fivetran dbt_zendesk reasons (Zendesk takes the last schedule).",
    how_to_read="What a usual customer waits while somebody is there.",
    not_when="The calendar does not match the hours worked.",
    relation=RESOLVED_CASES,
    figure=Quantile("business_hours", 0.5, ("in_order",)),
    needs=("business_calendars.opens",),
    variants=("avg_time_to_resolution_business", "median_time_to_resolution"),
)

P90_TIME_TO_RESOLUTION_BUSINESS = MetricSpec(
    id="p90_time_to_resolution_business",
    name="Time to resolution in business hours, 90th percentile",
    room="service",
    sentence="Nine in ten cases last solved in the period took at most this many business hours.",
    formula="90th percentile of the time between opened_at and solved_at in which the company's doors were open",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Hours in force at each moment, as Fivetran dbt_zendesk reasons (Zendesk takes the last schedule).",
    how_to_read="What you can promise within business hours and mostly keep.",
    not_when="The calendar does not match the hours worked.",
    relation=RESOLVED_CASES,
    figure=Quantile("business_hours", 0.9, ("in_order",)),
    needs=("business_calendars.opens",),
    variants=("avg_time_to_resolution_business", "p90_time_to_resolution"),
)

FIRST_RESOLUTION_TIME = MetricSpec(
    id="first_resolution_time",
    name="Average time to first resolution",
    room="service",
    sentence="Mean calendar hours from opening to the first solve, of cases opened in the period and solved since.",
    formula="mean of first solve - opened_at; a later re-opening changes nothing",
    **EVENT_AVERAGE,
    time_field="case.opened_at",
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Zendesk's first resolution time, by the opening. Without events the last solve stands for the first.",
    how_to_read="Far below the full resolution time: first solutions do not hold.",
    not_when="The period is recent: what is still open is not in it, so that it looks fast.",
    relation=OPENED_CASES,
    figure=Mean("first_resolution_hours", ("first_resolved",)),
    needs=("cases.solved_at",),
    variants=("median_first_resolution_time", "avg_time_to_resolution"),
)

MEDIAN_FIRST_RESOLUTION_TIME = MetricSpec(
    id="median_first_resolution_time",
    name="Median time to first resolution",
    room="service",
    sentence="Half of the cases opened in the period and solved since were first solved within these calendar hours.",
    formula="median of first solve - opened_at",
    **EVENT_AVERAGE,
    time_field="case.opened_at",
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Zendesk's first resolution time, by the opening. Without events the last solve stands for the first.",
    how_to_read="What a usual customer waits for a first solution.",
    not_when="The period is recent: what is still open is not in it, so that it looks fast.",
    relation=OPENED_CASES,
    figure=Quantile("first_resolution_hours", 0.5, ("first_resolved",)),
    needs=("cases.solved_at",),
    variants=("first_resolution_time", "median_time_to_resolution"),
)

_WAIT_NEEDS = ("attribute_history", "cases.status")
_WAIT_NOT_WHEN = (
    "The source names its waiting statuses otherwise (setting `waiting_statuses`), or its history was lost."
)

AVG_TIME_TO_RESOLUTION_WITHOUT_WAIT = MetricSpec(
    id="avg_time_to_resolution_without_wait",
    name="Average time to resolution without waiting for the customer",
    room="service",
    sentence="Mean calendar hours from opening to the last solve, less those of waiting for the customer.",
    formula="mean of solved_at - opened_at - hours in a waiting status, of cases last solved in the period",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Zendesk's full resolution time less its requester wait time, from the history of the status.",
    how_to_read="What service itself took. Cases of whose status nothing is recorded are left out.",
    not_when=_WAIT_NOT_WHEN,
    relation=RESOLVED_CASES,
    figure=Mean("hours_without_wait", ("wait_known",)),
    needs=_WAIT_NEEDS,
    variants=("avg_time_to_resolution", "requester_wait_time"),
)

REQUESTER_WAIT_TIME = MetricSpec(
    id="requester_wait_time",
    name="Time waiting for the customer",
    room="service",
    sentence="Mean calendar hours that cases last solved in the period had waited for the customer.",
    formula="mean of hours in a waiting status between opened_at and solved_at",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Zendesk's requester wait time counts the status pending, as the default here does among others.",
    how_to_read="Long waits hint at questions that customers cannot answer.",
    not_when=_WAIT_NOT_WHEN,
    relation=RESOLVED_CASES,
    figure=Mean("wait_hours", ("wait_known",)),
    needs=_WAIT_NEEDS,
    variants=("avg_time_to_resolution_without_wait",),
)
