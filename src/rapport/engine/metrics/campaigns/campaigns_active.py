"""Campaigns that ran."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.campaigns import RUNNING_CAMPAIGNS
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit

CAMPAIGNS_ACTIVE = MetricSpec(
    id="campaigns_active",
    name="Active campaigns",
    room="marketing",
    sentence="Campaigns that ran at some time in the period.",
    formula="count of campaigns, not planned or cancelled, whose time meets the period; parents of others left out",
    kind=Kind.SIMPLE,
    time_basis=TimeBasis.EVENT,
    time_field="campaign.started_at to campaign.ended_at",
    unit=Unit.COUNT,
    additivity=Additivity.NON_ADDITIVE,
    null_policy=NullPolicy.ZERO,
    higher_is_better=None,
    source="Own. Without an end a campaign is still running.",
    how_to_read="Months cannot be added: a campaign that runs through two counts in both.",
    not_when="Ends are not recorded: old campaigns then run for ever.",
    relation=RUNNING_CAMPAIGNS,
    figure=Amount(count()),
)
