"""Responses to campaigns."""

from rapport.engine.metrics.aggregates import count, distinct
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.campaign_members import EVERY_RESPONSE, REACHED, RESPONSES
from rapport.engine.metrics.shapes import COHORT_RATIO, EVENT_DISTINCT, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_VARIANTS = ("campaign_responses", "campaign_responses_total", "campaign_responders", "campaign_response_rate")

CAMPAIGN_RESPONSES = MetricSpec(
    id="campaign_responses",
    name="Campaign responses",
    room="marketing",
    sentence="First responses in the period, at most one for each contact and campaign.",
    formula="count of campaign members by their first qualifying response; held-out members left out",
    **EVENT_TOTAL,
    time_field="campaign_member.responded_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Salesforce Campaign.NumberOfResponses; responses after the campaign's end count.",
    how_to_read="By campaign, beside the response rate: a large campaign gets many responses from few of its members.",
    not_when="What counts as a response differs between campaigns.",
    relation=RESPONSES,
    figure=Amount(count()),
    variants=_VARIANTS[1:],
)

CAMPAIGN_RESPONDERS = MetricSpec(
    id="campaign_responders",
    name="Campaign responders",
    room="marketing",
    sentence="Different people with a first response to some campaign in the period.",
    formula="distinct contacts with a first response, over all campaigns",
    **EVENT_DISTINCT,
    time_field="campaign_member.responded_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="Below the responses: some people answer several campaigns.",
    not_when="You want to add campaigns or months: people in two of them would count twice.",
    relation=RESPONSES,
    figure=Amount(distinct("contact_id")),
    variants=("campaign_responses", "campaign_response_rate"),
)

CAMPAIGN_RESPONSES_TOTAL = MetricSpec(
    id="campaign_responses_total",
    name="Campaign responses, all",
    room="marketing",
    sentence="Every interaction in the period that answers a campaign.",
    formula="count of interactions with a campaign, without those sent by us, opens, bounces and unsubscribes",
    **EVENT_TOTAL,
    time_field="interaction.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="Far above the responses: the same people come back.",
    not_when="Machines click links: only those found out are left out.",
    relation=EVERY_RESPONSE,
    figure=Amount(count()),
    variants=("campaign_responses",),
)

CAMPAIGN_RESPONSE_RATE = MetricSpec(
    id="campaign_response_rate",
    name="Campaign response rate",
    room="marketing",
    sentence="Share of the members reached in the period who responded within 30 days.",
    formula="members who responded within 30 days of being reached / members delivered to, else sent to, in it",
    **COHORT_RATIO,
    time_field="campaign_member.delivered_at, else sent_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own; window: setting `response_window_days`. One row per contact and campaign, held-out members left out.",
    how_to_read="Compares campaigns of different size. Immature until 30 days after the period.",
    not_when="Neither delivery nor sending is recorded: then nobody counts as reached.",
    relation=REACHED,
    figure=Ratio(count("responded"), count(), proportion=True),
    needs=("campaign_members.responded_at",),
    variants=("campaign_responses",),
)
