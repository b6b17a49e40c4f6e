"""Calls to service: how many, and who gave up waiting."""

from rapport.engine.metrics.aggregates import count, distinct, total
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.service_calls import SERVICE_CALL_DAYS, SERVICE_CALLS
from rapport.engine.metrics.shapes import EVENT_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_OFFERED = "interaction.occurred_at (call, first leg)"
_NOT_SERVICE = "Calls to service are not told apart by a queue or a case."
_PER_DAY = (
    *("service_calls_per_day", "service_calls_per_calendar_day", "service_calls_offered_per_day"),
    "service_calls_per_agent_day",
)


def _others(own: str) -> tuple[str, ...]:
    return tuple(name for name in _PER_DAY if name != own)


SERVICE_CALLS_PER_DAY = MetricSpec(
    id="service_calls_per_day",
    name="Service calls per day",
    room="service",
    sentence="Answered inbound calls to service per working day of the period.",
    formula="answered inbound calls with a queue or case / working days that data cover",
    **EVENT_RATIO,
    time_field=_OFFERED,
    unit=Unit.PER,
    higher_is_better=None,
    source="Own. Working days are those of the business calendar, holidays left out; days to come are not counted.",
    how_to_read="Comparable between months of different length. A call counts once, whatever its legs.",
    not_when=_NOT_SERVICE,
    relation=SERVICE_CALL_DAYS,
    figure=Ratio(count("answered"), total("working_day_count")),
    needs=("business_calendars.opens",),
    variants=_others("service_calls_per_day"),
)

SERVICE_CALLS_PER_CALENDAR_DAY = MetricSpec(
    id="service_calls_per_calendar_day",
    name="Service calls per calendar day",
    room="service",
    sentence="Answered inbound calls to service per day of the period.",
    formula="answered inbound calls with a queue or case / days that data cover",
    **EVENT_RATIO,
    time_field=_OFFERED,
    unit=Unit.PER,
    higher_is_better=None,
    source="Own.",
    how_to_read="For a service that is open every day.",
    not_when=_NOT_SERVICE,
    relation=SERVICE_CALL_DAYS,
    figure=Ratio(count("answered"), total("day_count")),
    variants=_others("service_calls_per_calendar_day"),
)

SERVICE_CALLS_OFFERED_PER_DAY = MetricSpec(
    id="service_calls_offered_per_day",
    name="Service calls offered per day",
    room="service",
    sentence="Inbound calls brought to a queue per working day of the period, answered or not.",
    formula="offered calls / working days that data cover; calls that ended in the menu are not offered",
    **EVENT_RATIO,
    time_field=_OFFERED,
    unit=Unit.PER,
    higher_is_better=None,
    source="Own.",
    how_to_read="The demand to staff for.",
    not_when=_NOT_SERVICE,
    relation=SERVICE_CALL_DAYS,
    figure=Ratio(count("offered"), total("working_day_count")),
    needs=("business_calendars.opens",),
    variants=_others("service_calls_offered_per_day"),
)

SERVICE_CALLS_PER_AGENT_DAY = MetricSpec(
    id="service_calls_per_agent_day",
    name="Service calls per agent and day",
    room="service",
    sentence="Answered inbound calls per agent and day on which the agent answered any.",
    formula="answered inbound calls / distinct pairs of agent and local day",
    **EVENT_RATIO,
    time_field=_OFFERED,
    unit=Unit.PER,
    higher_is_better=None,
    source="Own.",
    how_to_read="The load of an agent who is there.",
    not_when="Agents work part of the day, or calls do not tell who answered.",
    relation=SERVICE_CALLS,
    figure=Ratio(count("answered"), distinct("agent_day")),
    needs=("interactions.owner_id",),
    variants=_others("service_calls_per_agent_day"),
)

CALLS_ABANDONED = MetricSpec(
    id="calls_abandoned",
    name="Calls abandoned",
    room="service",
    sentence="Calls whose caller left the queue after the threshold.",
    formula="count of calls left in the queue after >= 10 seconds (setting `short_abandon_seconds`)",
    **EVENT_TOTAL,
    time_field=_OFFERED,
    unit=Unit.COUNT,
    higher_is_better=False,
    source="Common practice in contact centres: those who hang up at once are not counted. There is no standard.",
    how_to_read="By hour it tells when somebody is missing.",
    not_when="The source does not tell abandoned calls, or how long they waited.",
    relation=SERVICE_CALLS,
    figure=Amount(count("long_abandon"), whole=count("offered_long")),
    needs=("interactions.wait_s", "interactions.outcome"),
    variants=("call_abandonment_rate", "calls_abandoned_all"),
)

CALLS_ABANDONED_ALL = MetricSpec(
    id="calls_abandoned_all",
    name="Calls abandoned, short ones included",
    room="service",
    sentence="Calls whose caller left the queue, however soon.",
    formula="count of calls left in the queue",
    **EVENT_TOTAL,
    time_field=_OFFERED,
    unit=Unit.COUNT,
    higher_is_better=False,
    source="Own.",
    how_to_read="Beside the calls abandoned after the threshold.",
    not_when="The source does not tell abandoned calls.",
    relation=SERVICE_CALLS,
    figure=Amount(count("abandoned"), whole=count("offered")),
    needs=("interactions.outcome",),
    variants=("calls_abandoned",),
)

CALL_ABANDONMENT_RATE = MetricSpec(
    id="call_abandonment_rate",
    name="Call abandonment rate",
    room="service",
    sentence="Share of the calls offered to a queue that the caller left after the threshold.",
    formula="calls left after >= 10 seconds / (calls offered - calls left before); setting `short_abandon_seconds`",
    **EVENT_RATIO,
    time_field=_OFFERED,
    unit=Unit.FRACTION,
    higher_is_better=False,
    source="Common practice in contact centres (short abandons left out). There is no standard.",
    how_to_read=(
        "A call that ended in the menu was not offered, one that asked to be called back was not abandoned, and one "
        "passed on counts by where it ended."
    ),
    not_when="The threshold differs from that of whom you compare with.",
    relation=SERVICE_CALLS,
    figure=Ratio(count("long_abandon"), count("offered_long"), proportion=True),
    needs=("interactions.wait_s", "interactions.outcome"),
    variants=("call_abandonment_rate_all", "calls_abandoned"),
)

CALL_ABANDONMENT_RATE_ALL = MetricSpec(
    id="call_abandonment_rate_all",
    name="Call abandonment rate, short ones included",
    room="service",
    sentence="Share of the calls offered to a queue that the caller left, however soon.",
    formula="calls left in the queue / calls offered",
    **EVENT_RATIO,
    time_field=_OFFERED,
    unit=Unit.FRACTION,
    higher_is_better=False,
    source="Own, without the rule for short abandons.",
    how_to_read="Needs no waiting times.",
    not_when="Many dial the wrong number.",
    relation=SERVICE_CALLS,
    figure=Ratio(count("abandoned"), count("offered"), proportion=True),
    needs=("interactions.outcome",),
    variants=("call_abandonment_rate",),
)
