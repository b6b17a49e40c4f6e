"""Speed to lead: how long a new lead waits for a human."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Quantile, Ratio
from rapport.engine.metrics.relations.lead_touches import LEAD_TOUCHES
from rapport.engine.metrics.shapes import COHORT_AVERAGE, COHORT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "as for leads"
_SOURCE = (
    "Own. The touch: first outbound interaction of a user, or an outbound call or meeting; campaigns and automatic "
    "replies are none. One before the entry took 0 minutes."
)
_NOT_WHEN = "Calls and mails are not recorded: the lead was called, and nobody knows."
_SHARES = ("speed_to_lead_within_5_min", "speed_to_lead_within_1_h", "speed_to_lead_within_24_h")

SPEED_TO_LEAD = MetricSpec(
    id="speed_to_lead",
    name="Speed to lead",
    room="sales",
    sentence="Median business minutes from a lead's entry to its first human touch, over touched leads of the period.",
    formula="median of open minutes between the entry and the first human outbound touch",
    **COHORT_AVERAGE,
    time_field=_TIME,
    unit=Unit.MINUTES,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="Nights and week-ends are not in it. Beside it, always: the share of all leads touched in time.",
    not_when=f"Many leads are never touched: they are not in it. {_NOT_WHEN}",
    relation=LEAD_TOUCHES,
    figure=Quantile("business_minutes", 0.5, ("touched",)),
    needs=("business_calendars.opens",),
    variants=("speed_to_lead_calendar", "speed_to_lead_assigned", *_SHARES),
)

SPEED_TO_LEAD_CALENDAR = MetricSpec(
    id="speed_to_lead_calendar",
    name="Speed to lead, around the clock",
    room="sales",
    sentence="Median minutes from a lead's entry to its first human touch, over the touched leads of the period.",
    formula="median of first human outbound touch - entry",
    **COHORT_AVERAGE,
    time_field=_TIME,
    unit=Unit.MINUTES,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="What the lead saw: nights and week-ends are in it.",
    not_when=f"Many leads are never touched: they are not in it. {_NOT_WHEN}",
    relation=LEAD_TOUCHES,
    figure=Quantile("minutes", 0.5, ("touched",)),
    variants=("speed_to_lead", *_SHARES),
)

SPEED_TO_LEAD_ASSIGNED = MetricSpec(
    id="speed_to_lead_assigned",
    name="Speed to lead, from assignment",
    room="sales",
    sentence="Median business minutes from a lead's first owner to its first human touch, over touched leads with one.",
    formula="median of open minutes between the later of entry and first owner, and the first human outbound touch",
    **COHORT_AVERAGE,
    time_field=_TIME,
    unit=Unit.MINUTES,
    higher_is_better=False,
    source=_SOURCE,
    how_to_read="What the owner can answer for. The difference to speed to lead is the time until somebody had it.",
    not_when=f"Owners were imported without their dates. {_NOT_WHEN}",
    relation=LEAD_TOUCHES,
    figure=Quantile("assigned_business_minutes", 0.5, ("assigned",)),
    needs=("business_calendars.opens", "attribute_history"),
    variants=("speed_to_lead",),
)


def _within(name: str, words: str) -> MetricSpec:
    return MetricSpec(
        id=f"speed_to_lead_{name}",
        name=f"Leads touched within {words}",
        room="sales",
        sentence=f"Share of the leads of the period that a human touched within {words}, around the clock.",
        formula=f"leads with a first human outbound touch at most {words} after the entry / leads",
        **COHORT_RATIO,
        time_field=_TIME,
        unit=Unit.FRACTION,
        higher_is_better=True,
        source=_SOURCE,
        how_to_read="Over all leads: those that nobody touched count against it.",
        not_when=_NOT_WHEN,
        relation=LEAD_TOUCHES,
        figure=Ratio(count(name), count(), proportion=True),
        variants=("speed_to_lead", *(other for other in _SHARES if other != f"speed_to_lead_{name}")),
    )


SPEED_TO_LEAD_WITHIN_5_MIN = _within("within_5_min", "5 minutes")
SPEED_TO_LEAD_WITHIN_1_H = _within("within_1_h", "1 hour")
SPEED_TO_LEAD_WITHIN_24_H = _within("within_24_h", "24 hours")
