"""Average handle time."""

from rapport.engine.metrics.aggregates import distinct, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.handled_contacts import HANDLED_CONTACTS
from rapport.engine.metrics.shapes import EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_ENDED = "interaction.ended_at, else occurred_at + duration"

AVERAGE_HANDLE_TIME = MetricSpec(
    id="average_handle_time",
    name="Average handle time",
    room="service",
    sentence="Mean seconds of talk, hold and work after it per contact handled in the period.",
    formula="(talk + hold + after-call work) / handled contacts; the legs of a contact add up",
    **EVENT_RATIO,
    time_field=_ENDED,
    unit=Unit.SECONDS,
    higher_is_better=None,
    source="The terms of contact centres; the formula is common, no standard was read.",
    how_to_read=(
        "By agent each has the time of their own legs. Contacts whose work afterwards is not told are left out and "
        "counted; a hold that is not told is part of the talk. Of a chat the active time counts."
    ),
    not_when="It is made a target: fast calls come back.",
    relation=HANDLED_CONTACTS,
    figure=Ratio(total("handle_s", "timed"), distinct("call_key", "timed")),
    needs=("interactions.after_call_s",),
    amount_where=("talk_timed",),
    variants=("average_handle_time_without_acw",),
)

AVERAGE_HANDLE_TIME_WITHOUT_ACW = MetricSpec(
    id="average_handle_time_without_acw",
    name="Average talk and hold time",
    room="service",
    sentence="Mean seconds of talk and hold per contact handled in the period.",
    formula="(talk + hold) / handled contacts",
    **EVENT_RATIO,
    time_field=_ENDED,
    unit=Unit.SECONDS,
    higher_is_better=None,
    source="The terms of contact centres.",
    how_to_read="What the customer hears of the handle time.",
    not_when="The source counts the time of waiting as talk.",
    relation=HANDLED_CONTACTS,
    figure=Ratio(total("talk_s", "talk_timed"), distinct("call_key", "talk_timed")),
    variants=("average_handle_time",),
)
