"""Campaigns that ran, began and reached somebody."""

from rapport.engine.metrics.aggregates import count, distinct
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.campaign_members import REACHED
from rapport.engine.metrics.relations.campaigns import BEGUN_CAMPAIGNS, RUNNING_CAMPAIGNS
from rapport.engine.metrics.shapes import EVENT_DISTINCT, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

CAMPAIGNS_ACTIVE = MetricSpec(
    id="campaigns_active",
    name="Active campaigns",
    room="marketing",
    sentence="Campaigns that ran at some time in the period.",
    formula="count of campaigns, not planned or cancelled, whose time meets the period; parents of others left out",
    **EVENT_DISTINCT,
    time_field="campaign.started_at to campaign.ended_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own. Without an end a campaign is still running.",
    how_to_read="Months cannot be added: a campaign that runs through two counts in both.",
    not_when="Ends are not recorded: old campaigns then run for ever.",
    relation=RUNNING_CAMPAIGNS,
    figure=Amount(count()),
    variants=("campaigns_launched", "campaigns_sent"),
)

CAMPAIGNS_LAUNCHED = MetricSpec(
    id="campaigns_launched",
    name="Campaigns launched",
    room="marketing",
    sentence="Campaigns that began in the period.",
    formula="count of campaigns, not planned or cancelled, by their start; parents of others left out",
    **EVENT_TOTAL,
    time_field="campaign.started_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="Beside the active ones: how fast campaigns follow one another.",
    not_when="Starts are planned dates that nobody mends.",
    relation=BEGUN_CAMPAIGNS,
    figure=Amount(count()),
    variants=("campaigns_active", "campaigns_sent"),
)

CAMPAIGNS_SENT = MetricSpec(
    id="campaigns_sent",
    name="Campaigns sent",
    room="marketing",
    sentence="Campaigns that reached at least one member in the period for the first time.",
    formula="distinct campaigns of members by when they were delivered to, else sent to; held-out members left out",
    **EVENT_DISTINCT,
    time_field="campaign_member.delivered_at, else sent_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="Months cannot be added: a campaign sent over two counts in both.",
    not_when="Neither delivery nor sending is recorded.",
    relation=REACHED,
    figure=Amount(distinct("campaign_id")),
    variants=("campaigns_active", "campaigns_launched"),
)
