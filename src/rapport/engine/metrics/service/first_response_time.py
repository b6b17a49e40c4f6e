"""First response time: until a customer hears from a human."""

from rapport.engine.metrics.figures import Figure, Mean, Quantile
from rapport.engine.metrics.relations.cases import OPENED_CASES
from rapport.engine.metrics.relations.sla import SLA_COHORT
from rapport.engine.metrics.shapes import EVENT_AVERAGE
from rapport.engine.metrics.spec import MetricSpec, Unit

_SOURCE = (
    "Zendesk's first reply time: the first public reply of a human agent; where an agent opened the case with a public "
    "message, the second. Acknowledgements by rules and robots do not count."
)
_NOT_WHEN = "The source does not tell automatic replies apart. Cases still without reply are not in it."
_CALENDAR = ("first_response_time", "first_response_time_p90", "first_response_time_mean")
_FROM_PROMISE = "first_response_time_from_promise"
_BUSINESS = tuple(f"{name}_business" for name in _CALENDAR)


def _first_response(
    id_: str, name: str, sentence: str, formula: str, figure: Figure, how_to_read: str, *, version: int = 1
) -> MetricSpec:
    in_business_time = id_ in _BUSINESS
    return MetricSpec(
        id=id_,
        name=name,
        room="service",
        sentence=sentence,
        formula=formula,
        definition_version=version,
        **EVENT_AVERAGE,
        time_field="case.opened_at",
        unit=Unit.MINUTES,
        higher_is_better=False,
        source=_SOURCE,
        how_to_read=how_to_read,
        not_when=_NOT_WHEN,
        relation=OPENED_CASES,
        figure=figure,
        needs=("business_calendars.opens",) if in_business_time else (),
        variants=tuple(other for other in (*_CALENDAR, *_BUSINESS, _FROM_PROMISE) if other != id_),
    )


_REPLIED = ("responded",)
_IN_CALENDAR, _IN_BUSINESS = "response_minutes", "response_business_minutes"

FIRST_RESPONSE_TIME = _first_response(
    "first_response_time",
    "First response time",
    "Half of the cases opened in the period, of those with a reply, had their first one within these calendar minutes.",
    "median of first public human reply - opened_at",
    Quantile(_IN_CALENDAR, 0.5, _REPLIED),
    "What a usual customer waits. Nights and week-ends are in it; the business variant leaves them out.",
    version=2,
)
FIRST_RESPONSE_TIME_P90 = _first_response(
    "first_response_time_p90",
    "First response time, 90th percentile",
    "Nine in ten cases opened in the period, of those with a reply, had their first one within these calendar minutes.",
    "90th percentile of first public human reply - opened_at, linear interpolation",
    Quantile(_IN_CALENDAR, 0.9, _REPLIED),
    "What you can promise and mostly keep.",
)
FIRST_RESPONSE_TIME_MEAN = _first_response(
    "first_response_time_mean",
    "First response time, mean",
    "Mean calendar minutes from opening to the first public human reply, of cases opened in the period.",
    "mean of first public human reply - opened_at",
    Mean(_IN_CALENDAR, _REPLIED),
    "Beside the median: a few forgotten cases move the mean.",
)
FIRST_RESPONSE_TIME_BUSINESS = _first_response(
    "first_response_time_business",
    "First response time in business minutes",
    "Half of the cases opened in the period, of those with a reply, had their first one within these business minutes.",
    "median of the open time between opened_at and the first public human reply",
    Quantile(_IN_BUSINESS, 0.5, _REPLIED),
    "What service can answer for. Each schedule counts while it was in force.",
)
FIRST_RESPONSE_TIME_P90_BUSINESS = _first_response(
    "first_response_time_p90_business",
    "First response time in business minutes, 90th percentile",
    "Nine in ten cases opened in the period, of those with a reply, had their first one within these business minutes.",
    "90th percentile of the open time between opened_at and the first public human reply",
    Quantile(_IN_BUSINESS, 0.9, _REPLIED),
    "What you can promise within business hours and mostly keep.",
)
FIRST_RESPONSE_TIME_MEAN_BUSINESS = _first_response(
    "first_response_time_mean_business",
    "First response time in business minutes, mean",
    "Mean business minutes from opening to the first public human reply, of cases opened in the period.",
    "mean of the open time between opened_at and the first public human reply",
    Mean(_IN_BUSINESS, _REPLIED),
    "Beside the median: a few forgotten cases move the mean.",
)
FIRST_RESPONSE_TIME_FROM_PROMISE = MetricSpec(
    id=_FROM_PROMISE,
    name="First response time from the promise",
    room="service",
    sentence="Half of the promises of a first response on cases opened in the period were met within these minutes.",
    formula="median of met_at - applied_at over promises of a first response that were met",
    **EVENT_AVERAGE,
    time_field="case.opened_at",
    unit=Unit.MINUTES,
    higher_is_better=False,
    source="Zendesk's interface shows it so at times: from when the policy was applied.",
    how_to_read="Shorter than from the opening where policies are applied late.",
    not_when="A policy applied anew starts the clock anew.",
    relation=SLA_COHORT,
    figure=Quantile("response_minutes", 0.5, ("responded",)),
    needs=("sla_targets.metric=first_response",),
    variants=("first_response_time",),
)
FIRST_RESPONSE_TIMES = (
    *(FIRST_RESPONSE_TIME, FIRST_RESPONSE_TIME_P90, FIRST_RESPONSE_TIME_MEAN),
    *(FIRST_RESPONSE_TIME_BUSINESS, FIRST_RESPONSE_TIME_P90_BUSINESS, FIRST_RESPONSE_TIME_MEAN_BUSINESS),
    FIRST_RESPONSE_TIME_FROM_PROMISE,
)
