"""Prospects we turned to."""

from rapport.engine.metrics.aggregates import distinct
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.targeted import TARGETED
from rapport.engine.metrics.shapes import EVENT_DISTINCT
from rapport.engine.metrics.spec import MetricSpec, Unit

TARGETED_PROSPECTS = MetricSpec(
    id="targeted_prospects",
    name="Targeted prospects",
    room="marketing",
    sentence="Different people who were no customers when a campaign or a work list turned to them in the period.",
    formula="distinct contacts, no customers then, sent to by or added to a campaign, or put on a work list",
    **EVENT_DISTINCT,
    time_field="campaign_member.sent_at, else added_at; action_assignment.assigned_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own; held-out contacts are left out.",
    how_to_read="How widely you reach out. Beside the leads: what came of it.",
    not_when="Campaigns are sent from elsewhere and their members are not imported.",
    relation=TARGETED,
    figure=Amount(distinct("contact_id", "prospect")),
    variants=("inbound_inquiries",),
)
