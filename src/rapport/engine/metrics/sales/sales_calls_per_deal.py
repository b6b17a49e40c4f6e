"""Sales calls per deal, and the calls that belong to none."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.deal_calls import CALL_LINKS
from rapport.engine.metrics.relations.deals import CLOSED_DEALS
from rapport.engine.metrics.sales.deals_won import DEALS_CREATED
from rapport.engine.metrics.sales.open_deals import OPEN_DEALS
from rapport.engine.metrics.sales.sales_calls import SALES_CALLS
from rapport.engine.metrics.shapes import DERIVED_RATIO, EVENT_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

SALES_CALLS_PER_DEAL = MetricSpec(
    id="sales_calls_per_deal",
    name="Sales calls per deal",
    room="sales",
    sentence="Sales calls that a deal closed in the period took, on average.",
    formula="sales calls about deals closed in the period, until each was closed / deals closed in the period",
    **EVENT_RATIO,
    time_field="deal.closed_at",
    unit=Unit.PER,
    higher_is_better=None,
    source="Own. A call that names no deal belongs to the contact's deal open at that time, the one created last.",
    how_to_read="Whenever the calls were made: it is the effort behind a result, won or lost.",
    not_when="Many calls belong to no deal: look at the sales calls without a deal.",
    relation=CLOSED_DEALS,
    figure=Ratio(total("calls"), count()),
    needs=("interactions.type=call",),
    variants=("sales_calls_per_open_deal", "sales_calls_unlinked"),
)

SALES_CALLS_UNLINKED = MetricSpec(
    id="sales_calls_unlinked",
    name="Sales calls without a deal",
    room="sales",
    sentence="Sales calls of the period that name no deal and whose contact had none open.",
    formula="count of calls without case and queue that can be linked to no deal",
    **EVENT_TOTAL,
    time_field="interaction.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="Calls to find new deals, or calls nobody filed: the calls per deal leave them out.",
    not_when="Calls are made to contacts that are not the main contact of their deal.",
    relation=CALL_LINKS,
    figure=Amount(count("unlinked"), whole=count()),
    variants=("sales_calls_per_deal", "sales_calls"),
)

SALES_CALLS_PER_OPEN_DEAL = DerivedMetric(
    id="sales_calls_per_open_deal",
    name="Sales calls per open deal",
    room="sales",
    sentence="Sales calls of the period for each deal that was open in it.",
    formula="sales calls / (deals open at the start of the period + deals created in it)",
    **DERIVED_RATIO,
    time_field="interaction.occurred_at",
    unit=Unit.PER,
    higher_is_better=None,
    source="Own; activity density.",
    how_to_read="How much attention open deals get. Only compare periods of the same length.",
    not_when="Dead deals stay open: it is then too low.",
    parts={
        "calls": Part(SALES_CALLS),
        "open": Part(OPEN_DEALS, before=True),
        "created": Part(DEALS_CREATED),
    },
    numerator=lambda v: v["calls"],
    denominator=lambda v: v["open"] + v["created"],
    variants=("sales_calls_per_deal",),
)
