"""Sales calls."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.activities import ACTIVITIES
from rapport.engine.metrics.shapes import EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

SALES_CALLS = MetricSpec(
    id="sales_calls",
    name="Sales calls",
    room="sales",
    sentence="Calls in the period that belong to no case and no service queue, answered or not.",
    formula="count of interactions of type call without case and queue",
    **EVENT_TOTAL,
    time_field="interaction.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="Effort, not result. By owner beside the connected calls.",
    not_when="Calls are written down by hand: it measures diligence in writing.",
    relation=ACTIVITIES,
    figure=Amount(count("is_call")),
    needs=("interactions.type=call",),
    variants=("sales_calls_connected",),
)

SALES_CALLS_CONNECTED = MetricSpec(
    id="sales_calls_connected",
    name="Sales calls connected",
    room="sales",
    sentence="Sales calls in the period in which someone was reached.",
    formula="calls whose outcome is not voicemail, no_answer, busy or failed; without outcome, those with talk time",
    **EVENT_TOTAL,
    time_field="interaction.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="Divided by the sales calls: how good the lists and hours are.",
    not_when="Outcomes are not recorded.",
    relation=ACTIVITIES,
    figure=Amount(count("is_connected_call")),
    needs=("interactions.type=call",),
    variants=("sales_calls",),
)
