"""Inquiries that come in."""

from rapport.engine.metrics.aggregates import distinct
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.inquiries import INQUIRIES
from rapport.engine.metrics.shapes import DERIVED_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

INBOUND_INQUIRIES = MetricSpec(
    id="inbound_inquiries",
    name="Inbound inquiries",
    room="marketing",
    sentence="Times in the period that somebody reached out to us, service cases left out.",
    formula="count of inbound forms, calls, chats and replies without a case, a message told twice once",
    **EVENT_TOTAL,
    time_field="interaction.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own. Which types count: setting `inquiry_types`.",
    how_to_read="Demand as it comes in, before anybody qualified it. Its trend is its own metric.",
    not_when="Calls and replies carry no direction: only those known to be inbound count.",
    relation=INQUIRIES,
    figure=Amount(distinct("sent_as")),
    variants=("inbound_inquiries_trend", "leads"),
)

INBOUND_INQUIRIES_TREND = DerivedMetric(
    id="inbound_inquiries_trend",
    name="Inbound inquiries, trend",
    room="marketing",
    sentence="By how much the inquiries of the period exceed those of the period before.",
    formula="(inquiries of the period - inquiries of the period before) / inquiries of the period before",
    **DERIVED_RATIO,
    time_field="interaction.occurred_at",
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own.",
    how_to_read="Compare whole months, and the same months of other years.",
    not_when="The period is not over, or few inquiries come in.",
    parts={"inquiries": Part(INBOUND_INQUIRIES), "before": Part(INBOUND_INQUIRIES, before=True)},
    numerator=lambda v: v["inquiries"] - v["before"],
    denominator=lambda v: v["before"],
    variants=("inbound_inquiries",),
)
