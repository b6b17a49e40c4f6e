"""Inquiries that come in."""

from rapport.engine.metrics.aggregates import distinct
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.inquiries import INQUIRIES
from rapport.engine.metrics.shapes import DERIVED_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

INQUIRIES_MADE = MetricSpec(
    id="inquiries",
    name="Inquiries of prospects and customers",
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
    variants=("inquiries_trend", "leads"),
)

INQUIRIES_MADE_TREND = DerivedMetric(
    id="inquiries_trend",
    name="Inquiries of prospects and customers, trend",
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
    parts={"inquiries": Part(INQUIRIES_MADE), "before": Part(INQUIRIES_MADE, before=True)},
    numerator=lambda v: v["inquiries"] - v["before"],
    denominator=lambda v: v["before"],
    variants=("inquiries",),
)
